import { recipeName } from '@sweepboard/contracts'
import type { CellView, EncodingEvidence } from '@sweepboard/ledger'
import { vectorLength } from './leaderboard.ts'

/** What one recipe took, measured where it was first computed. */
export interface ResourceRow {
  /** As `LeaderboardRow.recipe`. */
  readonly recipe: string
  readonly model: string
  readonly revision: string
  /** Recipe label; empty for the model's own recipe. */
  readonly variant: string
  readonly engine: string
  readonly dtype: string
  readonly providers: readonly string[]
  readonly devices: readonly string[]
  readonly hosts: readonly string[]
  readonly parameterCount: number | null
  /** Bytes of the weights' files; null where nobody measured them (servers). */
  readonly weightsBytes: number | null
  /** Largest resident memory of the process that held the engine; null behind a server, whose memory is not seen. */
  readonly peakMemoryBytes: number | null
  /** Longest load of any slot. */
  readonly loadSeconds: number
  /** Compute seconds over all distinct texts. */
  readonly encodeSeconds: number
  readonly textCount: number
  readonly tokenCount: number
  readonly truncatedCount: number
  readonly textsPerSecond: number | null
  readonly tokensPerSecond: number | null
  /** One query at a time (batch 1), milliseconds; null where no slot measured it. */
  readonly queryMs: { readonly p50: number; readonly p95: number; readonly count: number } | null
  /** Length of the full vector; null where there is none (bm25, rerankers). */
  readonly dimensions: number | null
  /** Joules of the processor package while encoding; null with `energyReason`. */
  readonly energyJoules: number | null
  readonly energyReason: string | null
}

const NO_ENERGY = 'no host could read its energy counter'

/** One row a recipe of a sweep's scored cells, in order of first appearance; each encoding counts once however many cells share it. */
export function resourceRows(cells: readonly CellView[]): ResourceRow[] {
  const recipes = new Map<string, { first: CellView; encodings: Map<number, EncodingEvidence> }>()
  for (const cell of cells) {
    if (cell.state !== 'scored') continue
    const key = recipeName(cell)
    const found = recipes.get(key) ?? { first: cell, encodings: new Map<number, EncodingEvidence>() }
    recipes.set(key, found)
    for (const side of [cell.evidence.query, cell.evidence.document]) if (side !== null) found.encodings.set(side.encoding, side)
  }
  return [...recipes.values()].map(({ first, encodings }) => toRow(first, [...encodings.values()]))
}

function toRow(cell: CellView, sides: readonly EncodingEvidence[]): ResourceRow {
  const total = (value: (side: EncodingEvidence) => number) => sides.reduce((sum, side) => sum + value(side), 0)
  const most = (value: (side: EncodingEvidence) => number | null) =>
    sides.reduce<number | null>((top, side) => maxOf(top, value(side)), null)
  const distinct = (values: (side: EncodingEvidence) => readonly string[]) => [...new Set(sides.flatMap(values))].sort()
  const encodeSeconds = total((side) => side.encodeSeconds)
  const rate = (count: number) => (encodeSeconds > 0 && count > 0 ? count / encodeSeconds : null)
  const [textCount, tokenCount] = [total((side) => side.textCount), total((side) => side.tokenCount)]
  const joules = sides.map((side) => side.energyJoules)
  const { model, revision, recipeVariant: variant, load, recipe } = cell
  return {
    recipe: recipeName(cell),
    model,
    revision,
    variant,
    engine: load.identity.engine,
    dtype: load.identity.dtype,
    providers: distinct((side) => side.providers),
    devices: distinct((side) => side.devices),
    hosts: distinct((side) => side.hosts),
    parameterCount: load.parameterCount,
    weightsBytes: most((side) => side.weightsBytes),
    peakMemoryBytes: load.open.url === null ? most((side) => side.peakMemoryBytes) : null,
    loadSeconds: most((side) => side.loadSeconds) ?? 0,
    encodeSeconds,
    textCount,
    tokenCount,
    truncatedCount: total((side) => side.truncatedCount),
    textsPerSecond: rate(textCount),
    tokensPerSecond: rate(tokenCount),
    queryMs: percentiles(sides.flatMap((side) => side.queryMs)),
    dimensions: vectorLength(recipe),
    energyJoules: joules.every((one) => one !== null) && joules.length > 0 ? joules.reduce((sum, one) => sum + one, 0) : null,
    energyReason: joules.every((one) => one !== null) && joules.length > 0 ? null : NO_ENERGY,
  }
}

function maxOf(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b)
}

/** Nearest-rank percentiles: numbers that were measured, none in between. */
function percentiles(values: readonly number[]): ResourceRow['queryMs'] {
  if (values.length === 0) return null
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number
  return { p50: at(0.5), p95: at(0.95), count: values.length }
}
