import { isDeepStrictEqual } from 'node:util'

/** What became of one seed. */
export interface FaultReport {
  readonly seed: number
  /** Points in the order of the deaths, with their passing. */
  readonly struck: readonly string[]
  /** Points that somebody had to die at. */
  readonly points: readonly string[]
  /** Processes killed, the driver's own kills among them. */
  readonly kills: number
  readonly sweeps: number
  /** Texts that the endpoint answered, and how many answers were not the first of their text. */
  readonly texts: number
  readonly extraTexts: number
  /** Texts of the largest chunk. */
  readonly chunkTexts: number
  readonly found: ReadonlyMap<string, unknown>
  readonly wanted: ReadonlyMap<string, unknown>
  /** Cells whose chunk our hand killed six workers over; they were retried. */
  readonly blamed: number
  /** Cells that failed in the end, with their codes: none may. */
  readonly failed: readonly string[]
  /** Outbox entries and refused ones, by file name. */
  readonly undelivered: readonly string[]
  /** Command lines of processes without a living owner. */
  readonly orphans: readonly string[]
  readonly seconds: number
}

/** One paragraph for people. */
export function describeFaults({ seed, struck, kills, sweeps, texts, extraTexts, blamed, seconds }: FaultReport): string {
  const counts = `${kills} kills, ${sweeps} sweeps, ${texts} texts answered and ${extraTexts} of them again, ${blamed} cells retried, ${seconds.toFixed(1)} s`
  return `seed ${seed}: ${struck.length} points struck, ${counts}\n  ${struck.join(', ')}`
}

/** What must not have happened and did; empty for a seed that passed. */
export function harmOf(report: FaultReport): string[] {
  const { struck, points, kills, extraTexts, chunkTexts, found, wanted, failed, undelivered, orphans } = report
  // One endpoint slot computes one chunk at a time: that is all a kill can cost.
  const spare = kills * chunkTexts
  return [
    ...points.filter((point) => !struck.includes(point)).map((point) => `nobody died at ${point}`),
    ...differences(found, wanted),
    ...failed,
    ...(extraTexts > spare ? [`${extraTexts} texts answered again, more than the ${spare} of ${kills} kills`] : []),
    ...undelivered.map((name) => `undelivered: ${name}`),
    ...orphans.map((command) => `orphan: ${command}`),
  ]
}

function differences(found: FaultReport['found'], wanted: FaultReport['wanted']): string[] {
  const paths = new Set([...found.keys(), ...wanted.keys()])
  return [...paths]
    .filter((path) => !isDeepStrictEqual(found.get(path), wanted.get(path)))
    .map((path) => `${path}: ${!found.has(path) ? 'missing' : !wanted.has(path) ? 'not of the quiet run' : 'other numbers'}`)
}
