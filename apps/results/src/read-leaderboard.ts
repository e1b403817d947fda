import type { LedgerReader } from '@sweepboard/ledger'
import { expandTaskPattern } from '@sweepboard/tasks'
import { foldAggregates } from './aggregate-tasks.ts'
import { type BenchmarkLookup, rankBenchmark, wantedOf } from './benchmark-board.ts'
import { type PublishedSource, type Ranking, rankRows } from './leaderboard.ts'

/** What a leaderboard is asked for. */
export interface LeaderboardQuery {
  /**
   * Tasks to show; empty for those of our scores, or without any those published. Each is a task's name, or a list with commas of names,
   * benchmarks (`MTEB(eng, v2)`, narrowed to a type by `:Retrieval`) and globs: a text that is itself the name of a task is never split.
   */
  readonly tasks: readonly string[]
  /** Name of a benchmark: its tasks over its own splits and subsets, none else (`tasks` is empty then); none without. */
  readonly benchmark?: string | null
  /** Id of a sweep: only its cells and, where no task is named, only its tasks. */
  readonly sweep: string | null
  /** Whether imported scores stand beside ours. */
  readonly published: boolean
}

/** Reads the query of a URL: `tasks` may be repeated; an empty value is as good as none. A benchmark names its tasks itself. */
export function parseLeaderboardQuery(queries: Readonly<Record<string, readonly string[]>>): LeaderboardQuery {
  const benchmark = queries.benchmark?.[0] || null
  const tasks = (queries.tasks ?? []).filter((text) => text !== '')
  return {
    tasks: benchmark === null ? tasks : [],
    benchmark,
    sweep: queries.sweep?.[0] || null,
    published: queries.published?.[0] !== '0',
  }
}

/** The same query as the parameters of a URL. */
export function leaderboardParams({ tasks, benchmark, sweep, published }: LeaderboardQuery): URLSearchParams {
  const params = new URLSearchParams(tasks.map((task) => ['tasks', task]))
  if (benchmark) params.set('benchmark', benchmark)
  if (sweep !== null) params.set('sweep', sweep)
  params.set('published', published ? '1' : '0')
  return params
}

/** The board a query asks for, from the ledger of a data folder. Throws `SB-LEDGER-002` for an unknown sweep, `SB-SPEC-012` for an unknown benchmark. */
export function readRanking(
  reader: LedgerReader,
  published: PublishedSource & BenchmarkLookup,
  query: LeaderboardQuery,
): Ranking {
  const imported = query.published ? published : null
  if (!query.benchmark) return rankRows(reader.boardCells(query.sweep), imported, columnsOf(reader, query))
  const wanted = wantedOf(query.benchmark)
  return rankBenchmark(reader.boardCells(query.sweep), imported, wanted)
}

function columnsOf(reader: LedgerReader, { tasks, sweep }: LeaderboardQuery): readonly string[] | null {
  if (tasks.length > 0) return namedTasks(reader, tasks)
  return sweep === null ? null : foldAggregates(reader.tasksOfSweep(sweep))
}

/** The tasks that texts name, as `LeaderboardQuery.tasks` has them. */
export function namedTasks(reader: Pick<LedgerReader, 'knowsTask'>, texts: readonly string[]): string[] {
  return [...new Set(texts.flatMap((text) => (reader.knowsTask(text) ? [text] : tasksOf(text))))]
}

/** Tasks of a list with commas; a benchmark is its tasks, and the commas in its name divide nothing. */
function tasksOf(text: string): string[] {
  const entries = text.split(/,(?![^()]*\))/).map((entry) => entry.trim())
  return entries.flatMap((entry) => {
    const names = expandTaskPattern(entry).map(({ name }) => name)
    return names.length > 1 ? foldAggregates(names) : [entry]
  })
}
