/** What one request asks: where, and with which body. */
export interface WireRequest {
  /** Whole URL. */
  readonly url: string
  readonly body: unknown
}

/** Rows of one answer in the order of the request's items: a vector for each text, a score for each document. */
export interface Answer<Row> {
  readonly rows: readonly Row[]
  /** Tokens the server says it read; null when it does not tell. */
  readonly tokenCount: number | null
}

/** One dialect's way to ask for rows and to read them. */
export interface Exchange<Item, Row> {
  ask(items: readonly Item[]): WireRequest
  /** @throws WrongAnswer when the answer does not keep the dialect's contract */
  read(body: string, about: { readonly items: readonly Item[]; readonly headers: Headers }): Answer<Row>
  /** An item the server is known to take: if it refuses this one too, the request is at fault and not an item. */
  readonly canary: Item
}

/** What is wrong with an answer, in words for `SB-HTTP-004`. */
export class WrongAnswer extends Error {}

/** An answer as JSON. */
export function parseAnswer(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    throw new WrongAnswer('not JSON')
  }
}

/** The words of an error that a server answers with 200, as some proxies do, set behind ours; empty without any. */
export function errorIn(answer: unknown): string {
  const { error, message, detail } = (answer ?? {}) as {
    error?: { message?: unknown } | string
    message?: unknown
    detail?: unknown
  }
  const words = (typeof error === 'object' && error !== null ? error.message : error) ?? message ?? detail
  return typeof words === 'string' && words !== '' ? `: ${words}` : ''
}

/** A count of tokens as servers give it; null for anything else. */
export function tokenCountOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : null
}

/** Checks that indexes `0 ... count - 1` each stand once; keeps what comes with them. */
export class IndexedRows<Row> {
  readonly rows: Row[]
  readonly #count: number
  readonly #seen = new Set<number>()

  constructor(found: number, count: number, what: string) {
    if (found !== count) throw new WrongAnswer(`${found} ${what} for ${count} inputs`)
    this.#count = count
    this.rows = new Array(count)
  }

  /** The index, when it is one that has not come yet. */
  claim(index: unknown): number {
    if (typeof index !== 'number' || !Number.isInteger(index) || index < 0 || index >= this.#count)
      throw new WrongAnswer(`index ${JSON.stringify(index)} of ${this.#count} inputs`)
    if (this.#seen.has(index)) throw new WrongAnswer(`index ${index} stands twice`)
    this.#seen.add(index)
    return index
  }
}
