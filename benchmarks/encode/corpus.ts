import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chunkBounds } from '@sweepboard/contracts'

const SHARED = new URL('../../../shared/', import.meta.url)
export const MINILM = fileURLToPath(new URL('models/all-MiniLM-L6-v2', SHARED))

/** The first `count` SciFact documents as the task gives them to a model. */
export function sciFactTexts(count: number): string[] {
  const lines = readFileSync(new URL('datasets/SciFact/corpus.jsonl', SHARED), 'utf8').split('\n').filter(Boolean)
  return lines
    .slice(0, count)
    .map((line) => JSON.parse(line))
    .map((row) => `${row.title} ${row.text}`.trim())
}

/** The texts in the chunks in which a worker encodes them. */
export function inChunks(texts: readonly string[]): (readonly string[])[] {
  return chunkBounds(texts.map((text) => Buffer.byteLength(text))).map(({ start, end }) => texts.slice(start, end))
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return ((sorted[(sorted.length - 1) >> 1] ?? Number.NaN) + (sorted[sorted.length >> 1] ?? Number.NaN)) / 2
}
