/** What became of one seed. */
export interface ChaosReport {
  readonly seed: number
  readonly cells: number
  /** Of them in the quiet run: those of a server that never starts. */
  readonly failedCells: number
  readonly quietSeconds: number
  readonly seconds: number
  readonly events: readonly Struck[]
  /** Kinds of events that this machine does not permit, with the reason. */
  readonly skipped: readonly string[]
  /** Processes that took part. */
  readonly processes: number
  /** Texts that servers were asked for, each lane's own, and how often they answered one. */
  readonly texts: number
  readonly answers: number
  /** Texts answered again by the kind of event that was probably why, most first. */
  readonly wasteByKind: Readonly<Record<string, number>>
  /** How often programs ended by themselves as a supervisor expects, by program and exit code. */
  readonly ends: Readonly<Record<string, number>>
  /** What must not have happened and did; empty for a seed that passed. */
  readonly harm: readonly string[]
}

export interface Struck {
  /** Seconds since the fleet's start. */
  readonly at: number
  readonly kind: string
  readonly target: string
  /** Name of the worker it concerned; null = all. */
  readonly whose: string | null
  /** Seconds since the fleet's start; null while it lasts. */
  until: number | null
}

/** Answers that were not the first of their text, as a share of all texts. */
export function wasted({ texts, answers }: Pick<ChaosReport, 'texts' | 'answers'>): number {
  return texts === 0 ? 0 : (answers - texts) / texts
}

/** One paragraph for people. */
export function describeChaos(report: ChaosReport): string {
  const { seed, cells, failedCells, events, seconds, quietSeconds, processes, texts, skipped, harm } = report
  const kinds = new Map<string, number>()
  for (const { kind } of events) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  return [
    `seed ${seed}: ${events.length} events of ${kinds.size} kinds, ${cells} cells (${failedCells} must fail), ${texts} texts of servers,`,
    `${(100 * wasted(report)).toFixed(2)} % answered again, ${processes} processes, ${seconds.toFixed(0)} s (quiet ${quietSeconds.toFixed(0)} s)`,
    `answered again: ${told(report.wasteByKind)}`,
    `ended by themselves: ${told(report.ends)}`,
    ...skipped.map((kind) => `skipped: ${kind}`),
    harm.length === 0 ? 'equal, and nothing left behind' : `${harm.length} wrong:\n  ${harm.slice(0, 40).join('\n  ')}`,
  ].join('\n')
}

function told(counts: Readonly<Record<string, number>>): string {
  const each = Object.entries(counts).map(([what, count]) => `${what} ${count}`)
  return each.length === 0 ? 'none' : each.join(', ')
}
