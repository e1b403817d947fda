import type { LedgerReader } from '@sweepboard/ledger'
import { foldAggregates } from './aggregate-tasks.ts'
import { type PublishedSource, type Ranking, rankRows } from './leaderboard.ts'

/** What a leaderboard is asked for. */
export interface LeaderboardQuery {
  /**
   * Tasks to show; empty for those of our scores, or without any those published. Each is a task's name, or a list of names with
   * commas between: a text that is itself the name of a task is never split.
   */
  readonly tasks: readonly string[]
  /** Id of a sweep: only its cells and, where no task is named, only its tasks. */
  readonly sweep: string | null
  /** Whether imported scores stand beside ours. */
  readonly published: boolean
}

/** Reads the query of a URL: `tasks` may be repeated; an empty value is as good as none. */
export function parseLeaderboardQuery(queries: Readonly<Record<string, readonly string[]>>): LeaderboardQuery {
  return {
    tasks: (queries.tasks ?? []).filter((text) => text !== ''),
    sweep: queries.sweep?.[0] || null,
    published: queries.published?.[0] !== '0',
  }
}

/** The same query as the parameters of a URL. */
export function leaderboardParams({ tasks, sweep, published }: LeaderboardQuery): URLSearchParams {
  const params = new URLSearchParams(tasks.map((task) => ['tasks', task]))
  if (sweep !== null) params.set('sweep', sweep)
  params.set('published', published ? '1' : '0')
  return params
}

/** The board a query asks for, from the ledger of a data folder. Throws `SB-LEDGER-002` for an unknown sweep. */
export function readRanking(reader: LedgerReader, published: PublishedSource, query: LeaderboardQuery): Ranking {
  return rankRows(reader.boardCells(query.sweep), query.published ? published : null, columnsOf(reader, query))
}

function columnsOf(reader: LedgerReader, { tasks, sweep }: LeaderboardQuery): readonly string[] | null {
  if (tasks.length > 0)
    return tasks.flatMap((text) =>
      !text.includes(',') || reader.knowsTask(text) ? [text] : text.split(',').map((name) => name.trim()),
    )
  return sweep === null ? null : foldAggregates(reader.tasksOfSweep(sweep))
}
