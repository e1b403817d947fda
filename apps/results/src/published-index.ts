import { setImmediate as nextTurn } from 'node:timers/promises'
import { sha256 } from '@sweepboard/contracts'
import type { CountedScore, LedgerReader, PublishedScore } from '@sweepboard/ledger'
import { findTask } from '@sweepboard/tasks'
import type { BenchmarkLookup, WantedEntries } from './benchmark-board.ts'
import { type EntriesByTask, type PublishedSource, type ScoredRow, scorePublished } from './leaderboard.ts'

/** One (task, split, subset). */
export interface Entry {
  readonly task: string
  readonly split: string
  readonly subset: string
}

/** Imported scores as a leaderboard asks for them; of several files of one model, revision and task the last import counts. */
export interface PublishedLookup {
  means(task: string): readonly PublishedScore[]
  entries(entry: Entry): readonly PublishedScore[]
}

/** Sets of published rows kept: one a board that is open, roughly. */
const KEPT = 32

/**
 * Imported scores of a ledger: each list is read once and kept until an import touches its task (some 10 MB for 100,000 files),
 * and so are the rows made of them, since our own scores change far more often.
 */
export class PublishedIndex implements PublishedSource, PublishedLookup, BenchmarkLookup {
  readonly #reader: LedgerReader
  /** Task, then `''` for its means or the entry. */
  readonly #lists = new Map<string, Map<string, readonly PublishedScore[]>>()
  readonly #rows = new Map<string, readonly ScoredRow[]>()
  #tasks: readonly string[] | null = null

  constructor(reader: LedgerReader) {
    this.#reader = reader
  }

  tasks(): readonly string[] {
    this.#tasks ??= this.#reader.publishedTasks()
    return this.#tasks
  }

  means(task: string): readonly PublishedScore[] {
    return this.#list(task, '', () => this.#reader.publishedMeans(task, findTask(task)?.evalSplits ?? null))
  }

  entries({ task, split, subset }: Entry): readonly PublishedScore[] {
    const read = () => this.#reader.publishedEntries({ task, split, subset })
    return this.#list(task, JSON.stringify([split, subset]), read)
  }

  rows(tasks: readonly string[], entriesOfOurs: EntriesByTask): readonly ScoredRow[] {
    const key = JSON.stringify([tasks, tasks.map((task) => entriesOfOurs.get(task) ?? null)])
    const rows = this.#rows.get(key) ?? scorePublished(this, tasks, entriesOfOurs)
    this.#rows.delete(key)
    this.#rows.set(key, rows)
    for (const oldest of this.#rows.keys()) {
      if (this.#rows.size <= KEPT) break
      this.#rows.delete(oldest)
    }
    return rows
  }

  over(task: string, wanted: WantedEntries): readonly CountedScore[] {
    const read = () => this.#reader.publishedOver(task, wanted)
    return this.#list(task, JSON.stringify(['over', sha256(JSON.stringify(wanted))]), read) as readonly CountedScore[]
  }

  #list(task: string, key: string, read: () => readonly PublishedScore[]): readonly PublishedScore[] {
    const ofTask = this.#lists.get(task) ?? new Map<string, readonly PublishedScore[]>()
    if (ofTask.size === 0) this.#lists.set(task, ofTask)
    const list = ofTask.get(key) ?? lastOfEach(read())
    ofTask.set(key, list)
    return list
  }

  /** To be called after an import, with the tasks it touched. */
  forget(tasks: Iterable<string>): void {
    this.#tasks = null
    this.#rows.clear()
    for (const task of tasks) this.#lists.delete(task)
  }

  /** Reads every task's means before anybody asks, a task a turn of the event loop. Ends early when `signal` aborts. */
  async warm(signal: AbortSignal): Promise<void> {
    for (const task of this.tasks()) {
      if (signal.aborted) return
      this.means(task)
      await nextTurn()
    }
  }
}

function lastOfEach(scores: readonly PublishedScore[]): readonly PublishedScore[] {
  const last = new Map<string, Map<string, PublishedScore>>()
  for (const score of scores) {
    const revisions = last.get(score.model) ?? new Map<string, PublishedScore>()
    if (revisions.size === 0) last.set(score.model, revisions)
    if ((revisions.get(score.revision)?.id ?? -1) < score.id) revisions.set(score.revision, score)
  }
  return [...last.values()].flatMap((revisions) => [...revisions.values()])
}
