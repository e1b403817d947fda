import type { LexicalScoring } from '@sweepboard/contracts'
import { absentScore, type Collection, inverseDocumentFrequency, lengthNorm, termScore } from './bm25.ts'
import type { TokenBlock } from './token-chunks.ts'

/** Documents that hold one token: rows ascending, and how often each holds it. */
interface Postings {
  readonly rows: number[]
  readonly counts: number[]
  /** Documents, a row counted as often as documents share its text. */
  frequency: number
  /** Of the token alone, by place in `rows`; made when a query first asks. */
  scores: { readonly present: Float32Array; readonly absent: number } | null
}

/**
 * BM25 over token lists, exactly as bm25s 0.3.16 scores. Only tokens that some query holds are indexed; lengths count all. A row
 * of the document text set stands for as many documents as share its text, and rows that no document has count for nothing.
 */
export class LexicalIndex {
  readonly #scoring: LexicalScoring
  readonly #weights: Uint32Array
  readonly #lengths: Float64Array
  readonly #postings: Map<string, Postings>
  #collection: Collection | null = null

  /** `weights[row]`: documents of each row; `tokens`: those of all queries. */
  constructor(scoring: LexicalScoring, weights: Uint32Array, tokens: Iterable<string>) {
    this.#scoring = scoring
    this.#weights = weights
    this.#lengths = new Float64Array(weights.length)
    this.#postings = new Map(Array.from(tokens, (token) => [token, { rows: [], counts: [], frequency: 0, scores: null }]))
  }

  /** Takes documents, each row once; `dropped` tokens count for nothing, not even in the length. */
  add({ firstRow, lists }: TokenBlock, dropped: ReadonlySet<string>): void {
    lists.forEach((list, i) => {
      const row = firstRow + i
      if (this.#weights[row] === 0) return
      const kept = dropped.size === 0 ? list : list.filter((token) => !dropped.has(token))
      this.#lengths[row] = kept.length
      for (const token of kept) {
        const postings = this.#postings.get(token)
        if (postings !== undefined) this.#count(postings, row)
      }
    })
  }

  /**
   * Scores of all rows for one query `[row]`, float32, terms added in query order, repeats counted. `into` is overwritten. All documents
   * must have been added.
   */
  scores(query: readonly string[], into: Float32Array): void {
    into.fill(0)
    let allAbsent = 0
    for (const token of query) {
      const postings = this.#postings.get(token)
      if (postings === undefined || postings.rows.length === 0) continue
      const { present, absent } = this.#scored(postings)
      const { rows } = postings
      for (let i = 0; i < rows.length; i += 1)
        into[rows[i] as number] = (into[rows[i] as number] as number) + (present[i] as number)
      allAbsent = Math.fround(allAbsent + absent)
    }
    if (allAbsent !== 0) for (let row = 0; row < into.length; row += 1) into[row] = (into[row] as number) + allAbsent
  }

  #scored(postings: Postings): NonNullable<Postings['scores']> {
    if (postings.scores !== null) return postings.scores
    this.#collection ??= this.#measure()
    const collection = this.#collection
    const idf = inverseDocumentFrequency(this.#scoring.method, postings.frequency, collection.documentCount)
    const present = Float32Array.from(postings.rows, (row, i) => {
      const norm = lengthNorm(this.#scoring, this.#lengths[row] as number, collection)
      return termScore(this.#scoring, idf, postings.counts[i] as number, norm)
    })
    postings.scores = { present, absent: absentScore(this.#scoring, idf) }
    return postings.scores
  }

  #count(postings: Postings, row: number): void {
    const last = postings.rows.length - 1
    if (postings.rows[last] === row) postings.counts[last] = (postings.counts[last] as number) + 1
    else {
      postings.rows.push(row)
      postings.counts.push(1)
      postings.frequency += this.#weights[row] as number
    }
  }

  #measure(): Collection {
    let documentCount = 0
    let tokenCount = 0
    this.#weights.forEach((weight, row) => {
      documentCount += weight
      tokenCount += weight * (this.#lengths[row] as number)
    })
    return { documentCount, averageLength: tokenCount / documentCount }
  }
}

/** Tokens that at least this share of the documents hold. Memory: one count per distinct token. */
export async function frequentTokens(
  blocks: AsyncIterable<TokenBlock>,
  weights: Uint32Array,
  share: number,
): Promise<ReadonlySet<string>> {
  const frequency = new Map<string, number>()
  let documentCount = 0
  for await (const { firstRow, lists } of blocks) {
    lists.forEach((list, i) => {
      const weight = weights[firstRow + i] as number
      documentCount += weight
      if (weight > 0) for (const token of new Set(list)) frequency.set(token, (frequency.get(token) ?? 0) + weight)
    })
  }
  return new Set([...frequency].filter(([, count]) => count / documentCount >= share).map(([token]) => token))
}
