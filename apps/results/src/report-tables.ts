import type { ReportEntry, SweepReport } from './report.ts'
import { entryName, signed } from './report-findings.ts'

/** A table of a report, texts as they are: whoever shows it escapes them. */
export interface ReportTable {
  readonly title: string
  readonly note: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** Families shown at every cut-off, in this order. */
const FAMILIES = ['ndcg', 'recall', 'map', 'mrr', 'precision']
/** Metrics of a task without cut-offs that are shown; all stand in the JSON. */
const SHOWN = 8

const MISSING = '·'

/** What MTEB calls by these names, in a sentence each; of one task both means are its score, and one is shown. */
export const MEAN_TASK = 'Mean (Task), as MTEB calls it: each task counts once, whatever its subsets.'
export const MEAN_TYPE = 'Mean (TaskType): each type of task counts once.'

/** Main scores of every system, best mean first. */
export function scoreTable({ systems, entries }: SweepReport): ReportTable {
  const hasTypes = new Set(entries.map(({ task }) => task)).size > 1
  const rows = systems
    .toSorted((a, b) => (b.mean ?? Number.NEGATIVE_INFINITY) - (a.mean ?? Number.NEGATIVE_INFINITY))
    .map((system) => [
      system.name,
      String(system.dimensions ?? '–'),
      four(system.mean),
      ...(hasTypes ? [four(system.meanType)] : []),
      ...entries.map((entry) => four(entry.scores[system.id]?.main) + (entry.unclaimed[system.id] ? '*' : '')),
    ])
  const head = [
    'system',
    'dims',
    'Mean (Task)',
    ...(hasTypes ? ['Mean (TaskType)'] : []),
    ...entries.map((entry) => `${entryName(entry)} ${entry.mainScoreName}`),
  ]
  const isMarked = entries.some(({ unclaimed }) => Object.keys(unclaimed).length > 0)
  const notes = [MEAN_TASK, ...(hasTypes ? [MEAN_TYPE] : []), ...(isMarked ? ['* language not claimed by the model'] : [])]
  return { title: 'Main scores', note: notes.join(' '), head, rows }
}

/** Every metric at each cut-off: a table a task entry and family; one table where the metrics have no cut-offs. */
export function cutOffTables(report: SweepReport): ReportTable[] {
  return report.entries.flatMap((entry) => {
    const keys = [...new Set(Object.values(entry.scores).flatMap(({ metrics }) => Object.keys(metrics)))]
    const families = FAMILIES.flatMap((family) => {
      const cuts = keys
        .flatMap((key) => (key.startsWith(`${family}_at_`) && /_at_\d+$/.test(key) ? [Number(key.slice(family.length + 4))] : []))
        .sort((a, b) => a - b)
      return cuts.length === 0
        ? []
        : [
            metricTable(
              report,
              entry,
              `${family} at k`,
              cuts.map((cut) => [`@${cut}`, `${family}_at_${cut}`] as const),
            ),
          ]
    })
    if (families.length > 0) return families
    const plain = keys.filter((key) => !key.startsWith('nauc_')).slice(0, SHOWN)
    return [
      metricTable(
        report,
        entry,
        'metrics',
        plain.map((key) => [key, key] as const),
      ),
    ]
  })
}

function metricTable(
  { systems }: SweepReport,
  entry: ReportEntry,
  what: string,
  columns: readonly (readonly [title: string, key: string])[],
): ReportTable {
  const rows = systems
    .filter(({ id }) => entry.scores[id] !== undefined)
    .map(({ id, name }) => [name, ...columns.map(([, key]) => four(entry.scores[id]?.metrics[key]))])
  return { title: `${entryName(entry)}: ${what}`, note: '', head: ['system', ...columns.map(([title]) => title)], rows }
}

/** Differences to the baseline; null without one. */
export function deltaTable({ systems, entries, baseline, deltas, test }: SweepReport): ReportTable | null {
  if (baseline === null) return null
  const rows = deltas.map((one) => [
    systems[one.system]?.name ?? '',
    entryName(entries[one.entry] as ReportEntry),
    signed(one.delta),
    one.interval === null ? 'unknown' : `${signed(one.interval.low)} to ${signed(one.interval.high)}`,
    one.p === null ? MISSING : one.p.toFixed(4),
    one.pHolm === null ? MISSING : one.pHolm.toFixed(4),
    one.queryCount === null ? MISSING : String(one.queryCount),
  ])
  return {
    title: `Against ${systems[baseline]?.name}`,
    note: `Difference of the main score; ${test.level * 100} % paired bootstrap interval and two-sided paired randomisation p over queries, ${test.rounds} rounds, seed ${test.seed}; p adjusted by Holm over the tasks of a system.`,
    head: ['system', 'task', 'difference', 'interval', 'p', 'p (Holm)', 'queries'],
    rows,
  }
}

export function resourceTableOf({ resources }: SweepReport): ReportTable {
  const rows = resources.map((row) => [
    row.variant ? `${row.model} [${row.variant}]` : row.model,
    [row.engine, row.dtype, ...row.providers].join(' '),
    String(row.dimensions ?? '–'),
    row.parameterCount === null || row.parameterCount === 0 ? MISSING : `${(row.parameterCount / 1e6).toFixed(1)} M`,
    megabytes(row.weightsBytes),
    megabytes(row.peakMemoryBytes),
    row.loadSeconds.toFixed(1),
    row.encodeSeconds.toFixed(1),
    row.textsPerSecond?.toFixed(1) ?? MISSING,
    row.tokensPerSecond?.toFixed(0) ?? MISSING,
    row.queryMs?.p50.toFixed(1) ?? MISSING,
    row.queryMs?.p95.toFixed(1) ?? MISSING,
    row.energyJoules === null ? MISSING : row.energyJoules.toFixed(0),
  ])
  const reasons = [...new Set(resources.flatMap(({ energyReason }) => (energyReason === null ? [] : [energyReason])))]
  return {
    title: 'Resources',
    note: `Of the original computation; latency is of one query at a time.${reasons.length > 0 ? ` Energy: ${reasons.join('; ')}.` : ''}`,
    head: [
      ...['model', 'engine', 'dims', 'parameters', 'weights MB', 'peak MB', 'load s', 'encode s'],
      ...['texts/s', 'tokens/s', 'p50 ms', 'p95 ms', 'energy J'],
    ],
    rows,
  }
}

function megabytes(bytes: number | null): string {
  return bytes === null ? MISSING : (bytes / 2 ** 20).toFixed(0)
}

function four(value: number | null | undefined): string {
  return value === null || value === undefined ? MISSING : value.toFixed(4)
}
