import { type Config, configKey, type Recipe, type TaskType } from '@sweepboard/contracts'
import type { CellView, SweepStatus } from '@sweepboard/ledger'
import { comparePaired, DEFAULT_ROUNDS, DEFAULT_SEED, holm } from '@sweepboard/metrics'
import { foldAggregates } from './aggregate-tasks.ts'
import { vectorLength } from './leaderboard.ts'
import { addScore, meanTask, meanTaskType, type TaskSums, typesOf } from './mean-task.ts'
import { PairedScores, type ReadArtifact } from './paired-scores.ts'
import { sayFindings } from './report-findings.ts'
import { type ResourceRow, resourceRows } from './resources.ts'
import { systemName } from './system-name.ts'

/** One row of a report: a recipe with what was derived from its vectors. */
export interface ReportSystem {
  readonly id: number
  readonly name: string
  readonly model: string
  readonly revision: string
  readonly variant: string
  readonly config: Config
  /** Length of its vectors; null where there are none (bm25, rerankers). */
  readonly dimensions: number | null
  readonly similarity: Recipe['similarity']
  readonly parameterCount: number | null
  readonly weightsBytes: number | null
  /** MTEB's Mean (Task), as on the board; null where a score is missing. */
  readonly mean: number | null
  /** MTEB's Mean (TaskType), as on the board. */
  readonly meanType: number | null
}

/** One (task, subset, split). */
export interface ReportEntry {
  readonly task: string
  readonly taskType: TaskType
  readonly subset: string
  readonly split: string
  readonly mainScoreName: string
  /** By system id. */
  readonly scores: Readonly<
    Record<number, { readonly main: number | null; readonly metrics: Readonly<Record<string, number | null>> }>
  >
  /** Languages of the entry that a system's model does not claim, by system id; only of those that have any. */
  readonly unclaimed: Readonly<Record<number, readonly string[]>>
}

/** A system against the baseline on one entry. */
export interface ReportDelta {
  readonly system: number
  readonly entry: number
  /** Main score minus the baseline's. */
  readonly delta: number
  /** Paired bootstrap, 95 %; null where the scores by query are not both stored. */
  readonly interval: { readonly low: number; readonly high: number } | null
  /** Two-sided paired randomisation. */
  readonly p: number | null
  /** Adjusted by Holm over the entries of this system. */
  readonly pHolm: number | null
  readonly queryCount: number | null
}

export interface SweepReport {
  readonly sweep: Pick<SweepStatus, 'id' | 'name' | 'state' | 'createdAt' | 'isLimited' | 'cells'>
  readonly systems: readonly ReportSystem[]
  readonly entries: readonly ReportEntry[]
  /** System the deltas are against; null where there is one system or none. */
  readonly baseline: number | null
  readonly deltas: readonly ReportDelta[]
  readonly test: { readonly seed: number; readonly rounds: number; readonly level: number }
  readonly resources: readonly ResourceRow[]
  readonly failures: readonly { readonly name: string; readonly task: string; readonly code: string; readonly message: string }[]
  readonly findings: readonly string[]
}

export interface ReportInput {
  readonly status: SweepStatus
  readonly cells: readonly CellView[]
  readonly artifact: ReadArtifact
  /** Name or part of the name of the system deltas are against; the first of the plan when absent. */
  readonly baseline?: string | undefined
}

/** Everything a report shows, from the cells of one sweep and their scores by query. Equal input gives an equal report. */
export async function buildReport({ status, cells, artifact, baseline }: ReportInput): Promise<SweepReport> {
  const resources = resourceRows(cells)
  const scored = cells.filter((cell) => cell.state === 'scored')
  const { systems, systemOf } = listSystems(scored, resources)
  const { entries, entryOf } = listEntries(scored, systemOf)
  const means = systems.map((system) => ({ ...system, ...meansOf(system.id, entries) }))
  const against = systems.length < 2 ? null : findSystem(systems, baseline)
  const deltas = against === null ? [] : await compareAll({ scored, systemOf, entryOf, against, artifact })
  const { id, name, state, createdAt, isLimited, cells: counts } = status
  const failures = cells.flatMap((cell) =>
    cell.failure ? [{ name: systemName(cell), task: cell.task, code: cell.failure.code, message: cell.failure.message }] : [],
  )
  const parts = { systems: means, entries, baseline: against, deltas, resources, failures }
  return {
    sweep: { id, name, state, createdAt, isLimited, cells: counts },
    ...parts,
    test: { seed: DEFAULT_SEED, rounds: DEFAULT_ROUNDS, level: 0.95 },
    findings: sayFindings(parts),
  }
}

function listSystems(scored: readonly CellView[], resources: readonly ResourceRow[]) {
  const ids = new Map<string, number>()
  const systems: Omit<ReportSystem, 'mean' | 'meanType'>[] = []
  const keyOf = (cell: CellView) => JSON.stringify([cell.recipeKey, cell.variant, configKey(cell.config)])
  for (const cell of scored) {
    if (ids.has(keyOf(cell))) continue
    ids.set(keyOf(cell), systems.length)
    const { model, revision, variant, config, recipe, load } = cell
    const weights = resources.find((row) => row.model === model && row.revision === revision && row.dtype === load.identity.dtype)
    systems.push({
      id: systems.length,
      name: systemName(cell),
      model,
      revision,
      variant,
      config,
      dimensions: config.dimensions ?? vectorLength(recipe),
      similarity: config.similarity,
      parameterCount: load.parameterCount,
      weightsBytes: weights?.weightsBytes ?? null,
    })
  }
  return { systems, systemOf: (cell: CellView) => ids.get(keyOf(cell)) as number }
}

function listEntries(scored: readonly CellView[], systemOf: (cell: CellView) => number) {
  const ids = new Map<string, number>()
  const entries: (ReportEntry & {
    scores: Record<number, { main: number | null; metrics: Record<string, number | null> }>
    unclaimed: Record<number, readonly string[]>
  })[] = []
  for (const cell of scored) {
    const { taskKey, task, taskType, subset, split, mainScoreName } = cell
    const id = ids.get(taskKey) ?? entries.length
    if (id === entries.length) entries.push({ task, taskType, subset, split, mainScoreName, scores: {}, unclaimed: {} })
    ids.set(taskKey, id)
    const entry = entries[id] as (typeof entries)[number]
    entry.scores[systemOf(cell)] = { main: cell.mainScore, metrics: cell.metrics ?? {} }
    if (cell.unclaimed.length > 0) entry.unclaimed[systemOf(cell)] = cell.unclaimed
  }
  return { entries: entries as readonly ReportEntry[], entryOf: (cell: CellView) => ids.get(cell.taskKey) as number }
}

/** As the board has them, see `meanTask`; a (subset, split) that the system lacks leaves its task without a score. */
function meansOf(system: number, entries: readonly ReportEntry[]): Pick<ReportSystem, 'mean' | 'meanType'> {
  const sums: TaskSums = new Map()
  for (const { task, scores } of entries) addScore(sums, task, scores[system]?.main ?? null)
  const tasks = foldAggregates(entries.map(({ task }) => task))
  const { scores, mean } = meanTask(sums, tasks)
  return { mean, meanType: meanTaskType(scores, tasks, typesOf(tasks, entries)) }
}

/** The system of that name, else the first whose name holds it; the first of all where none is named, null where none fits. */
function findSystem(systems: readonly Pick<ReportSystem, 'id' | 'name'>[], wanted: string | undefined): number | null {
  if (wanted === undefined) return systems[0]?.id ?? null
  const found = systems.find(({ name }) => name === wanted) ?? systems.find(({ name }) => name.includes(wanted))
  return found?.id ?? null
}

interface CompareInput {
  readonly scored: readonly CellView[]
  readonly systemOf: (cell: CellView) => number
  readonly entryOf: (cell: CellView) => number
  readonly against: number
  readonly artifact: ReportInput['artifact']
}

async function compareAll({ scored, systemOf, entryOf, against, artifact }: CompareInput): Promise<ReportDelta[]> {
  const base = new Map(scored.filter((cell) => systemOf(cell) === against).map((cell) => [entryOf(cell), cell]))
  const scores = new PairedScores(artifact)
  const deltas: ReportDelta[] = []
  for (const cell of scored) {
    const before = base.get(entryOf(cell))
    if (before === undefined || before === cell || cell.mainScore === null || before.mainScore === null) continue
    const differences = await scores.differences(cell, before)
    const paired = differences && comparePaired(differences)
    deltas.push({
      system: systemOf(cell),
      entry: entryOf(cell),
      delta: cell.mainScore - before.mainScore,
      interval: paired && { low: paired.low, high: paired.high },
      p: paired?.p ?? null,
      pHolm: null,
      queryCount: paired?.count ?? null,
    })
  }
  return adjust(deltas.sort((a, b) => a.system - b.system || a.entry - b.entry))
}

/** Holm over the entries of each system. */
function adjust(deltas: readonly ReportDelta[]): ReportDelta[] {
  const adjusted = new Map<ReportDelta, number>()
  for (const system of new Set(deltas.map((one) => one.system))) {
    const tested = deltas.filter((one) => one.system === system && one.p !== null)
    for (const [i, p] of holm(tested.map((one) => one.p as number)).entries()) adjusted.set(tested[i] as ReportDelta, p)
  }
  return deltas.map((one) => ({ ...one, pHolm: adjusted.get(one) ?? null }))
}
