import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type {
  Claim,
  ClaimAnswer,
  Commit,
  CommitVerdict,
  End,
  FailureRecord,
  Load,
  PlannedGroup,
  PreparedTask,
  TaskRef,
} from '@sweepboard/contracts'
import { addRunTime, overBudget } from './budget.ts'
import { allScoredCells, type CellView, cells } from './cells.ts'
import { leasePairs, unpairedGroups } from './child-groups.ts'
import { claim } from './claim.ts'
import { commit } from './commit.ts'
import { type ConsistencyRow, recordConsistency } from './consistency.ts'
import { type ControlAction, control, laneDead } from './control.ts'
import { end } from './end.ts'
import { type ForgetRule, forget, hasRetention, retiredEncodings, type StoredVectors, storedVectors } from './forget.ts'
import { deleteGarbage, isMarked, markGarbage, unmark, unreferenced } from './gc.ts'
import type { KeyedConfig } from './groups.ts'
import { Handle, type LedgerEvent, type SqliteDatabase } from './handle.ts'
import { type ChunkName, closeUnwantedOf, expire, type LeaseRow, leaseEncode, leaseRow, leaseScore } from './leases.ts'
import { lockFolder, openDatabase } from './open.ts'
import { isChanged, preparationFailed, prepared, unpreparedTasks } from './prepare.ts'
import { importPublished, type PublishedFilter, type PublishedRow, publishedRows } from './published.ts'
import {
  type ChunkCandidate,
  type GroupCandidate,
  growingLanes,
  type LaneBacklog,
  laneBacklogs,
  laneSweeps,
  leasesOf,
  openLanes,
  openLeases,
  runningSweeps,
  scorableGroups,
  todoChunks,
} from './scheduling.ts'
import { type SweepStatus, sweepSpec, sweepStatus, sweeps } from './status.ts'
import { addGroups, type Submission, submit } from './submit.ts'
import { idsOf } from './sweeps.ts'

export interface LedgerOptions {
  /** Data folder; null keeps everything in memory and locks nothing. */
  readonly folder: string | null
  /** Who holds the folder, in words: named to the next process that wants it. */
  readonly holder: string
  readonly random?: (bytes: number) => Uint8Array
  readonly wallClock?: () => string
  readonly migrationsFolder?: string
}

/**
 * The truth about sweeps, chunks, leases and cells: one SQLite file, one process. Each method that changes anything is one
 * transaction of protocol section 4, whole or not at all; nothing else writes.
 */
export class Ledger {
  readonly id: string
  readonly #h: Handle
  readonly #release: () => void

  private constructor(handle: Handle, release: () => void) {
    this.#h = handle
    this.#release = release
    const id = Buffer.from((handle.random ?? randomBytes)(8)).toString('hex')
    handle.db.prepare(`insert or ignore into meta (key, value) values ('id', ?)`).run(id)
    this.id = handle.get<{ value: string }>(`select value from meta where key = 'id'`)?.value ?? ''
    // The clock that ages garbage starts again with the service, so the marks do too.
    handle.run('update garbage set since = 0')
  }

  /** Throws `SB-LEDGER-001` (folder in use) and `SB-LEDGER-004` (written by a newer sweepboard). */
  static open(options: LedgerOptions): Ledger {
    if (options.folder === null) return Ledger.over(openDatabase(':memory:', options.migrationsFolder), options)
    mkdirSync(options.folder, { recursive: true })
    const lock = lockFolder(options.folder, options.holder)
    try {
      const db = openDatabase(join(options.folder, 'ledger.db'), options.migrationsFolder)
      return new Ledger(new Handle(db, options), () => {
        db.close()
        lock.release()
      })
    } catch (thrown) {
      lock.release()
      throw thrown
    }
  }

  /** A ledger over a database that somebody else opened, migrated and closes: what a restarted service sees. */
  static over(db: SqliteDatabase, options: Pick<LedgerOptions, 'random' | 'wallClock'> = {}): Ledger {
    return new Ledger(new Handle(db, options), () => undefined)
  }

  close(): void {
    this.#release()
  }

  /** What has changed since the last call, in order. */
  takeEvents(): LedgerEvent[] {
    return this.#h.events.splice(0)
  }

  /** Grows with every change of a cell or of the imported rows, and starts anew with the process: a key for what is derived from them. */
  get scoresVersion(): number {
    return this.#h.scoresVersion
  }

  #change<T>(work: (h: Handle) => T): T {
    const h = this.#h
    const eventCount = h.events.length
    const answer = h.transact(() => {
      const answered = work(h)
      closeUnwantedOf(h)
      return answered
    })
    if (h.events.slice(eventCount).some(({ kind }) => kind === 'cell')) h.scoresVersion += 1
    return answer
  }

  /** Groups and tasks of a sweep to come: harmless without wants; a repeat is a no-op. */
  addGroups(groups: readonly PlannedGroup[], preparedTasks: readonly PreparedTask[]): void {
    this.#change((h) => addGroups(h, groups, preparedTasks))
  }

  /** Records a sweep, with the tasks its submitter prepared already; the same id again is a no-op (`isNew: false`). */
  submit(sent: Submission, preparedTasks: readonly PreparedTask[] = []): { isNew: boolean } {
    return this.#change((h) => {
      const answer = submit(h, sent)
      for (const done of preparedTasks) prepared(h, done)
      return answer
    })
  }

  unpreparedTasks(): { key: string; ref: TaskRef }[] {
    return unpreparedTasks(this.#h)
  }

  /** Whether this task was prepared here before, from data that read differently. */
  isChanged(done: PreparedTask): boolean {
    return isChanged(this.#h, done)
  }

  prepared(done: PreparedTask): void {
    this.#change((h) => prepared(h, done))
  }

  /** A permanent error of preparation: its groups fail. Trouble that may pass is the caller's to try again. */
  preparationFailed(task: string, failure: FailureRecord): void {
    this.#change((h) => preparationFailed(h, task, failure))
  }

  /** Leases these chunks, all or none; `cost` in estimated slot-seconds. Answers the ticket. */
  leaseEncode(want: { lane: string; sweep: string; chunks: readonly ChunkName[]; cost: number }): string {
    return this.#change((h) => leaseEncode(h, want))
  }

  leaseScore(want: { sweep: string; group: number; configs: readonly KeyedConfig[]; cost: number }): string {
    return this.#change((h) => leaseScore(h, want))
  }

  /** A lease that finds the pairs of a child group and of its waiting siblings. */
  leasePairs(want: { sweep: string; group: number; cost: number }): string {
    return this.#change((h) => leasePairs(h, want))
  }

  claim(asked: Claim): ClaimAnswer {
    return this.#change((h) => claim(h, asked))
  }

  commit(commits: readonly Commit[], exists: (digest: string) => boolean): CommitVerdict[] {
    return this.#change((h) => commit(h, commits, exists))
  }

  /** `isWhole` reads an artifact and answers false where it is gone or damaged; a damaged file must be gone after that. */
  end(sent: End, isWhole: (digest: string) => boolean): void {
    this.#change((h) => end(h, sent, isWhole))
  }

  /** Closes one lease; false where it was not open any more. */
  expire(lease: string): boolean {
    return this.#change((h) => expire(h, lease))
  }

  /** Throws `SB-LEDGER-002` and `SB-LEDGER-003`. */
  control(sweep: string, action: ControlAction): void {
    this.#change((h) => control(h, sweep, action))
  }

  laneDead(lane: string, failure: FailureRecord): void {
    this.#change((h) => laneDead(h, lane, failure))
  }

  /** Adds running time (milliseconds) to running sweeps and to their cells at work; fails the cells beyond `budget.cellMs`. */
  addRunTime(ms: number): void {
    this.#change((h) => addRunTime(h, ms))
  }

  /** First half of gc: marks stored files nothing refers to. `now` in ms of the service's clock. */
  markGarbage(stored: Iterable<string>, now: number): { marked: number } {
    return this.#change((h) => markGarbage(h, stored, now))
  }

  /** Those of these files that nothing refers to, and since when they are marked. */
  unreferenced(digests: Iterable<string>): { digest: string; since: number | null }[] {
    return unreferenced(this.#h, digests)
  }

  /** Second half: unlinks those of these files that are still marked and still unreferenced. */
  deleteGarbage(digests: Iterable<string>, unlink: (digest: string) => void): { deleted: number } {
    return this.#change((h) => deleteGarbage(h, digests, unlink))
  }

  /** Stored vectors by encoding, a slice from `after` on; the next begins after its last, an empty one is the end. */
  storedVectors(rule: ForgetRule, after: number): StoredVectors[] {
    return storedVectors(this.#h, rule, after)
  }

  /** Encodings that no sweep keeps and nothing uses, of a window from `after` on; none where every sweep keeps all its vectors. */
  retiredEncodings(after: number): { encodings: number[]; next: number | null } {
    return hasRetention(this.#h) ? retiredEncodings(this.#h, after) : { encodings: [], next: null }
  }

  /** Drops the vectors of those of these encodings that are not in use and that the rule lets go; `freed` files are garbage now. */
  forget(encodings: readonly number[], rule: ForgetRule): { forgotten: number[]; freed: string[] } {
    return this.#change((h) => forget(h, encodings, rule))
  }

  /** Somebody stored this file again or found it stored, and may name it soon: its age as garbage starts anew. */
  keep(digest: string): void {
    if (isMarked(this.#h, digest)) this.#change((h) => unmark(h, digest))
  }

  /** Whether any text or vector is stored for this ledger. */
  hasArtifacts(): boolean {
    return this.#h.has('select 1 from text_set limit 1')
  }

  importPublished(rows: Iterable<PublishedRow>): { count: number } {
    const answer = this.#change((h) => importPublished(h, rows))
    this.#h.scoresVersion += 1
    return answer
  }

  recordConsistency(row: ConsistencyRow): void {
    this.#change((h) => recordConsistency(h, row))
  }

  publishedRows(filter?: PublishedFilter): PublishedRow[] {
    return publishedRows(this.#h, filter)
  }

  sweeps(): SweepStatus[] {
    return sweeps(this.#h)
  }

  /** Ids of sweeps given by name or id; a name stands for all that have it. Throws `SB-LEDGER-002` for one that is not there. */
  sweepIds(words: readonly string[]): string[] {
    return words.flatMap((word) => idsOf(this.#h, word))
  }

  /** Throws `SB-LEDGER-002`. */
  sweepStatus(id: string): SweepStatus {
    return sweepStatus(this.#h, id)
  }

  /** Throws `SB-LEDGER-002`. */
  sweepSpec(id: string): string {
    return sweepSpec(this.#h, id)
  }

  /** Throws `SB-LEDGER-002`. */
  cells(sweep: string): CellView[] {
    return cells(this.#h, sweep)
  }

  allScoredCells(): CellView[] {
    return allScoredCells(this.#h)
  }

  openLeases(): (LeaseRow & { readonly tokens: number })[] {
    return openLeases(this.#h)
  }

  /** Load key of the lane that computes an encoding; null where there is no such encoding. */
  laneOfEncoding(id: number): string | null {
    return this.#h.get<{ lane: string }>('select lane from encoding where id = ?', id)?.lane ?? null
  }

  lease(id: string): LeaseRow | undefined {
    return leaseRow(this.#h, id)
  }

  /** Claimed leases of one host. */
  leasesOf(host: string): LeaseRow[] {
    return leasesOf(this.#h, host)
  }

  /** Running sweeps that have run longer than `budget.sweepMs`. */
  overBudget(): string[] {
    return overBudget(this.#h)
  }

  runningSweeps(): { id: string; vtime: number; weight: number }[] {
    return runningSweeps(this.#h)
  }

  laneBacklogs(): LaneBacklog[] {
    return laneBacklogs(this.#h)
  }

  /** Lanes in which a running (or a paused) sweep has open cells. */
  openLanes(state: 'running' | 'paused' = 'running'): string[] {
    return openLanes(this.#h, state)
  }

  /** Lanes in which a running sweep has open cells whose texts are not there yet: they get more to encode. */
  growingLanes(): string[] {
    return growingLanes(this.#h)
  }

  /** Running sweeps that still have something to encode in a lane. */
  laneSweeps(lane: string): { sweep: string; weight: number }[] {
    return laneSweeps(this.#h, lane)
  }

  /** Lazy: take what is needed before the next write. */
  todoChunks(lane: string, sweep: string): Iterable<ChunkCandidate> {
    return todoChunks(this.#h, lane, sweep)
  }

  scorableGroups(sweep: string, limit: number): GroupCandidate[] {
    return scorableGroups(this.#h, sweep, limit)
  }

  /** Child groups whose pairs can be found now. */
  unpairedGroups(sweep: string, limit: number): number[] {
    return unpairedGroups(this.#h, sweep, limit)
  }

  /** Null where no sweep named this lane. */
  load(lane: string): Load | null {
    const row = this.#h.get<{ json: string }>('select json from load where key = ?', lane)
    return row === undefined ? null : (JSON.parse(row.json) as Load)
  }
}
