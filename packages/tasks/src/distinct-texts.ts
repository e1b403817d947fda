import { chunkBounds, type Digest, type TextSetRef, writeTextSet } from '@sweepboard/contracts'

/** Texts with repeats taken out: `texts[rows[i]]` is the i-th text. */
export interface DistinctTexts {
  /** Each distinct text once, in order of first appearance. */
  readonly texts: readonly string[]
  readonly rows: number[]
}

export function distinctTexts(all: Iterable<string>): DistinctTexts {
  const rowOf = new Map<string, number>()
  const rows: number[] = []
  for (const text of all) {
    const row = rowOf.get(text) ?? rowOf.size
    if (row === rowOf.size) rowOf.set(text, row)
    rows.push(row)
  }
  return { texts: [...rowOf.keys()], rows }
}

/** Stores the texts as a text set artifact, and says what the ledger keeps of it. */
export async function storeTextSet(texts: readonly string[], put: (bytes: Uint8Array) => Promise<Digest>): Promise<TextSetRef> {
  const byteLengths = texts.map((text) => Buffer.byteLength(text, 'utf8'))
  const bounds = chunkBounds(byteLengths)
  const sum = (lengths: readonly number[]) => lengths.reduce((total, length) => total + length, 0)
  return {
    digest: await put(writeTextSet(texts)),
    count: texts.length,
    bytes: sum(byteLengths),
    bounds: bounds.map(({ start, end }) => [start, end] as const),
    chunkBytes: bounds.map(({ start, end }) => sum(byteLengths.slice(start, end))),
  }
}
