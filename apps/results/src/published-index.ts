import type { LedgerReader, PublishedScore } from '@sweepboard/ledger'

/** One (task, split, subset). */
export interface Entry {
  readonly task: string
  readonly split: string
  readonly subset: string
}

/** Imported scores as a leaderboard asks for them; of several files of one model, revision and task the last import counts. */
export interface PublishedLookup {
  tasks(): readonly string[]
  means(task: string): readonly PublishedScore[]
  entries(entry: Entry): readonly PublishedScore[]
}

/** Imported scores of a ledger, each list read once and kept until `forget`: some 10 MB for 100,000 files. */
export class PublishedIndex implements PublishedLookup {
  readonly #reader: LedgerReader
  readonly #lists = new Map<string, readonly PublishedScore[]>()
  #tasks: readonly string[] | null = null

  constructor(reader: LedgerReader) {
    this.#reader = reader
  }

  tasks(): readonly string[] {
    this.#tasks ??= this.#reader.publishedTasks()
    return this.#tasks
  }

  means(task: string): readonly PublishedScore[] {
    return this.#list(task, () => this.#reader.publishedMeans(task))
  }

  entries({ task, split, subset }: Entry): readonly PublishedScore[] {
    const read = () => this.#reader.publishedEntries({ task, split, subset })
    return this.#list(JSON.stringify([task, split, subset]), read)
  }

  #list(key: string, read: () => readonly PublishedScore[]): readonly PublishedScore[] {
    const kept = this.#lists.get(key) ?? lastOfEach(read())
    this.#lists.set(key, kept)
    return kept
  }

  /** To be called after an import. */
  forget(): void {
    this.#tasks = null
    this.#lists.clear()
  }
}

function lastOfEach(scores: readonly PublishedScore[]): readonly PublishedScore[] {
  const last = new Map<string, PublishedScore>()
  for (const score of scores) {
    const key = JSON.stringify([score.model, score.revision])
    if ((last.get(key)?.id ?? -1) < score.id) last.set(key, score)
  }
  return [...last.values()]
}
