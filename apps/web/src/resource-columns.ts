import type { ResourceRow } from '@sweepboard/results'
import { bytes, count, fixed, span } from './format.ts'

/** One measured number of a recipe, and how it is shown. */
export interface ResourceColumn {
  /** Column id, also in the URL's `sort`. */
  readonly id: string
  readonly title: string
  /** Null where nobody measured it. */
  readonly value: (row: ResourceRow) => number | null
  readonly show: (value: number) => string
}

const milliseconds = (value: number) => `${fixed(value, 1)} ms`
const seconds = (value: number) => (value < 10 ? `${fixed(value, 1)} s` : span(Math.round(value)))

/** What a recipe took, of the original computation; p50 and p95 are of one query at a time. */
export const RESOURCE_COLUMNS: readonly ResourceColumn[] = [
  { id: 'weights', title: 'Weights', value: (row) => row.weightsBytes, show: bytes },
  { id: 'peak', title: 'Peak memory', value: (row) => row.peakMemoryBytes, show: bytes },
  { id: 'load', title: 'Load', value: (row) => row.loadSeconds, show: seconds },
  { id: 'encode', title: 'Encode', value: (row) => row.encodeSeconds, show: seconds },
  { id: 'texts-s', title: 'Texts/s', value: (row) => row.textsPerSecond, show: count },
  { id: 'tokens-s', title: 'Tokens/s', value: (row) => row.tokensPerSecond, show: count },
  { id: 'p50', title: 'p50', value: (row) => row.queryMs?.p50 ?? null, show: milliseconds },
  { id: 'p95', title: 'p95', value: (row) => row.queryMs?.p95 ?? null, show: milliseconds },
  { id: 'energy', title: 'Energy', value: (row) => row.energyJoules, show: (value) => `${fixed(value, 0)} J` },
]

/** A column's text of a row; `·` where nobody measured it. */
export function shownResource({ value, show }: ResourceColumn, row: ResourceRow | null): string {
  const found = row === null ? null : value(row)
  return found === null ? '·' : show(found)
}
