import { configKey, recipeName, SweepError } from '@sweepboard/contracts'
import type { BoardCell, CountedScore } from '@sweepboard/ledger'
import { closest, expandTaskPattern, findBenchmark, findTask, listBenchmarks, subsetLanguages } from '@sweepboard/tasks'
import { findAggregate } from './aggregate-tasks.ts'
import { type LeaderboardRow, type Ranking, rankRows, type ScoredRow, scorePublished } from './leaderboard.ts'

/** What a benchmark wants of a task: each of these splits with each of these subsets. */
export interface WantedEntries {
  readonly splits: readonly string[]
  readonly subsets: readonly string[]
}

/** Imported scores over the entries that a benchmark wants. */
export interface BenchmarkLookup {
  over(task: string, wanted: WantedEntries): readonly CountedScore[]
}

/** Entries of a task that a row lacks. */
export interface Lacking {
  readonly count: number
  /** Entries the benchmark wants. */
  readonly of: number
  /** Those lacking as `split/subset`, the first of many. */
  readonly entries: readonly string[]
}

/** Entries named of one task of one row. */
const NAMED = 50

/**
 * A benchmark's tasks in its order, each with what it wants of them; its name may be narrowed to a type (`MTEB(eng, v2):Retrieval`).
 * Throws `SB-SPEC-012` where there is no such benchmark, or no task of that type in it.
 */
export function wantedOf(benchmark: string): ReadonlyMap<string, WantedEntries> {
  const isKnown = [benchmark, benchmark.slice(0, Math.max(0, benchmark.lastIndexOf(':')))].some((name) => findBenchmark(name))
  const tasks = isKnown ? expandTaskPattern(benchmark) : []
  if (tasks.length === 0) {
    const known = Object.keys(listBenchmarks())
    const suggestion = benchmark.length > 100 ? undefined : (closest(benchmark, known) ?? undefined)
    throw new SweepError('SB-SPEC-012', { benchmark, suggestion, known: known.join('; ') })
  }
  return new Map(
    tasks.map(({ name, splits, subsets }) => {
      const task = findTask(name)
      const all = task === undefined || task.componentTasks ? ['default'] : [...subsetLanguages(task).keys()]
      return [name, { splits: splits ?? task?.evalSplits ?? ['test'], subsets: subsets ?? all }]
    }),
  )
}

/**
 * The board of a benchmark: its own tasks, each over the splits and subsets it wants and no others. As in MTEB's tables (protocol 6.2) a
 * result that lacks one of them has no score there; `lacking` of its row says what it lacks. `published` null leaves imported scores out.
 */
export function rankBenchmark(
  ours: readonly BoardCell[],
  published: BenchmarkLookup | null,
  wanted: ReadonlyMap<string, WantedEntries>,
): Ranking {
  const lacking = new Map<string, Record<string, Lacking>>()
  const note = (row: string, task: string, entries: readonly string[], of: number) => {
    const found = lacking.get(row) ?? {}
    lacking.set(row, { ...found, [task]: { count: entries.length, of, entries: entries.slice(0, NAMED) } })
  }
  const tasks = [...wanted.keys()]
  const cells = completeCells(ours, withComponents(wanted), note)
  const means = (task: string) => {
    const entries = wanted.get(task) as WantedEntries
    return (published?.over(task, entries) ?? []).map(({ lacks, ...score }) => {
      if (lacks === null) return score
      note(keyOf(score), task, lacks, entries.splits.length * entries.subsets.length)
      return { ...score, score: null }
    })
  }
  const source = { tasks: () => tasks, rows: () => scorePublished({ means, entries: () => [] }, tasks, new Map()) }
  const { rows, ...head } = rankRows(cells, published && source, tasks)
  const told = rows.map((one) => {
    const lacks = lacking.get(keyOf(one.scored.row))
    return lacks === undefined ? one : { ...one, scored: { ...one.scored, row: withLacking(one.scored.row, lacks) } }
  })
  return { ...head, rows: told }
}

/** A row with what it lacks: it has no score there for that reason, not because the metric were undefined. */
function withLacking(row: ScoredRow['row'], lacking: Record<string, Lacking>): ScoredRow['row'] {
  const { undefinedTasks = [], ...rest } = row
  const left = undefinedTasks.filter((task) => lacking[task] === undefined)
  return { ...rest, ...(left.length > 0 && { undefinedTasks: left }), lacking }
}

/** The components of an aggregate are wanted as it is. */
function withComponents(wanted: ReadonlyMap<string, WantedEntries>): ReadonlyMap<string, WantedEntries> {
  const components = [...wanted].flatMap(([task, entries]) =>
    (findAggregate(task)?.components ?? []).map((component) => [component, entries] as const),
  )
  return new Map([...components, ...wanted])
}

/** Our cells of the entries that are wanted; where one of a row's task lacks, its others have no score. */
function completeCells(
  ours: readonly BoardCell[],
  wanted: ReadonlyMap<string, WantedEntries>,
  note: (row: string, task: string, lacks: readonly string[], of: number) => void,
): BoardCell[] {
  const entriesOf = new Map<string, ReadonlySet<string>>()
  const wantedIn = (task: string): ReadonlySet<string> => {
    const { splits = [], subsets = [] } = wanted.get(task) ?? {}
    const found = entriesOf.get(task) ?? new Set(splits.flatMap((split) => subsets.map((subset) => `${split}/${subset}`)))
    entriesOf.set(task, found)
    return found
  }
  const nameOf = ({ split, subset }: BoardCell) => `${split}/${subset}`
  const rowOf = (cell: BoardCell) => keyOf({ ...cell, recipe: recipeName(cell) })
  const shown = ours.filter((cell) => wantedIn(cell.task).has(nameOf(cell)))
  return [...Map.groupBy(shown, (cell) => JSON.stringify([rowOf(cell), cell.task])).values()].flatMap((cells) => {
    const [first] = cells as [BoardCell, ...BoardCell[]]
    const all = wantedIn(first.task)
    const there = new Set(cells.map(nameOf))
    if (there.size === all.size) return cells
    const lacks = [...all].filter((entry) => !there.has(entry))
    note(rowOf(first), first.task, lacks, all.size)
    return [{ ...first, mainScore: null }]
  })
}

/** A row: of ours recipe, variant and config, of a published one model and revision. */
function keyOf(row: {
  readonly model: string
  readonly revision: string
  readonly variant?: string
  readonly recipe?: string | null
  readonly config?: LeaderboardRow['config']
}): string {
  const { model, revision, variant = '', recipe = null, config = null } = row
  return JSON.stringify(recipe === null ? [model, revision] : [recipe, variant, config && configKey(config)])
}
