import { join } from 'node:path'
import type { FolderStore } from '@sweepboard/artifacts'
import {
  type Digest,
  isDefaultConfig,
  type JoinAnswer,
  type PlannedGroup,
  type PreparedTask,
  SweepError,
  type TaskRef,
  type TicketQueue,
  taskKey,
} from '@sweepboard/contracts'
import { Ledger, type LedgerReader, openReadOnly, type PublishedRow, type Submission } from '@sweepboard/ledger'
import { type GateOutcome, judgeGates } from '@sweepboard/planner'
import { prepareInChild } from '@sweepboard/tasks'
import { openArtifactFolder } from './artifact-folder.ts'
import { attendedClock } from './attended-clock.ts'
import { Coordinator } from './coordinator.ts'
import { EventHub } from './events.ts'
import { nameFailedTexts } from './failed-text.ts'
import { Garbage, type GarbageOrder, type GarbageRun } from './garbage.ts'
import { type LaneView, laneViews } from './lane-view.ts'
import type { Leaderboard } from './leaderboard.ts'
import { LeaderboardDesk } from './leaderboard-desk.ts'
import type { SubmittedSweep } from './plan-schema.ts'
import { publishedOf } from './published-match.ts'
import { RateMeter } from './rate-meter.ts'
import type { LeaderboardQuery } from './read-leaderboard.ts'
import { GRACE_BEATS, type ServiceOptions, type ServiceParts } from './service-options.ts'
import { spareRepeats } from './spare-repeats.ts'
import type { SweepOfGroups } from './sweep-in-slices.ts'

/** One service: ledger, artifact store, coordinator and its ticks. Closed in reverse order by `stop`. */
export class Service {
  readonly ledger: Ledger
  readonly coordinator: Coordinator
  readonly store: FolderStore
  readonly queue: TicketQueue
  readonly events = new EventHub()
  /** A second connection to the ledger's file, for what is only looked at. */
  readonly reader: LedgerReader
  readonly boards: LeaderboardDesk
  readonly version: string
  readonly log: ServiceOptions['log']
  /** Whether workers of other hosts can join. */
  readonly isJoinable: boolean
  readonly #join: JoinAnswer
  readonly #rates = new RateMeter()
  readonly #garbage: Garbage
  readonly #tickMs: number
  readonly #ending = new AbortController()
  #timer: NodeJS.Timeout | null = null
  #ticking: Promise<void> | null = null
  #laneViews: { readonly views: LaneView[]; readonly freshUntil: number } | null = null

  private constructor(options: ServiceOptions, parts: ServiceParts) {
    this.version = options.version
    this.log = options.log
    this.ledger = parts.ledger
    this.queue = parts.queue
    this.reader = openReadOnly(options.folder, options.holder)
    this.boards = new LeaderboardDesk(this.reader, () => this.ledger.scoresVersion)
    this.#tickMs = options.tickMs
    this.store = parts.store
    this.isJoinable = parts.join.kind !== 'local'
    this.#join = {
      ledger: this.ledger.id,
      queue: parts.join,
      beatMs: options.beatMs,
      graceBeats: GRACE_BEATS,
      version: options.version,
      ...(parts.joinStore && { store: parts.joinStore }),
    }
    this.coordinator = new Coordinator({
      ledger: this.ledger,
      queue: this.queue,
      now: attendedClock(() => performance.now(), options.beatMs),
      artifacts: { exists: (digest) => this.store.existsSync(digest), verify: (digest) => this.store.verifySync(digest) },
      prepare: (_key, ref) => this.#prepare(ref, options),
      beatMs: options.beatMs,
      graceBeats: GRACE_BEATS,
      onChange: (change) => {
        if (change.kind !== 'hosts' && change.kind !== 'chunk') this.#garbage.changed()
        this.events.publish({ event: change.kind === 'hosts' ? 'hosts' : 'cells', sweep: change.sweep ?? null })
      },
      wake: () => this.tickSoon(),
      log: options.log,
      ...(options.point ? { point: options.point } : {}),
    })
    this.#garbage = new Garbage({
      ledger: this.ledger,
      store: this.store,
      now: () => performance.now(),
      log: options.log,
      ...(options.point ? { point: options.point } : {}),
    })
  }

  static async open(options: ServiceOptions): Promise<Service> {
    const ledger = Ledger.open({ folder: options.folder, holder: options.holder })
    try {
      const { store, join: joinStore } = openArtifactFolder(options.folder, ledger, options.artifacts ?? null)
      const { queue, join: joinQueue } = await options.openQueue(ledger.id)
      return new Service({ ...options, log: spareRepeats(options.log) }, { ledger, queue, join: joinQueue, store, joinStore })
    } catch (thrown) {
      ledger.close()
      throw thrown
    }
  }

  /** Begins to tick; a tick never overlaps the one before. */
  start(): void {
    this.boards.published
      .warm(this.#ending.signal)
      .catch((thrown: unknown) => this.log({ level: 'error', message: 'imported scores cannot be read', error: String(thrown) }))
    this.#timer = setInterval(() => {
      this.tickSoon()
      this.#garbage.tick()
    }, this.#tickMs)
  }

  /** Never within the caller's own turn: a sweep must be recorded with its prepared tasks before anything looks for work. */
  tickSoon(): void {
    this.#ticking ??= Promise.resolve()
      .then(() => this.coordinator.tick())
      .catch((thrown: unknown) => this.log({ level: 'error', message: 'tick failed', error: String(thrown) }))
      .finally(() => {
        this.#ticking = null
      })
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer)
    this.#ending.abort()
    this.coordinator.calls.close()
    await this.#ticking
    this.coordinator.close()
    await this.#garbage.stop()
    await this.queue.close()
    this.reader.close()
    this.ledger.close()
  }

  joinAnswer(): JoinAnswer {
    return this.#join
  }

  /** Stores what somebody sends under the digest named, or throws `SB-ART-002` to `SB-ART-006` and stores nothing. */
  async putStream(...[source, expected]: Parameters<FolderStore['write']>): Promise<void> {
    await this.store.write(source, expected)
    this.ledger.keep(expected.digest)
  }

  /** Whether an artifact is stored. It stays for a while then, since who asks is about to name it. */
  async has(digest: Digest): Promise<boolean> {
    const isStored = await this.store.has(digest)
    if (isStored) this.ledger.keep(digest)
    return isStored
  }

  /**
   * Deletes artifacts nothing refers to (`olderThanMs` since this service first saw that) and forgets the vectors asked for; sweeps by
   * name or id. Throws `SB-LEDGER-002` where there is no such sweep.
   */
  async collectGarbage({ vectors, ...how }: GarbageOrder): Promise<GarbageRun> {
    if (vectors?.sweeps === undefined) return this.#garbage.collect({ ...how, vectors })
    return this.#garbage.collect({ ...how, vectors: { ...vectors, sweeps: this.ledger.sweepIds(vectors.sweeps) } })
  }

  /** Forgets the vectors that no sweep keeps any more, now; else that is done every few seconds. */
  forgetRetired(): Promise<void> {
    return this.#garbage.retire()
  }

  /**
   * Records a sweep with the tasks its submitter prepared. A task that names a folder must come prepared unless the
   * service itself may read that folder. Throws `SB-ART-001` when a prepared artifact was not uploaded first, `SB-LEDGER-006`
   * when a task's data differs from what this ledger's scores of it were made from; nothing is recorded then.
   */
  submit({ prepared, ...sweep }: SubmittedSweep): { readonly sweep: string } {
    this.#assertUsable(prepared, sweep.plan.groups)
    return this.#record(sweep, prepared)
  }

  /** Takes a part of a big sweep before the sweep itself; a repeat is a no-op. Throws what `submit` throws. */
  addGroups(groups: readonly PlannedGroup[], prepared: readonly PreparedTask[]): { readonly groups: number } {
    this.#assertUsable(prepared, groups)
    this.ledger.addGroups(groups, prepared)
    return { groups: groups.length }
  }

  /** Records a sweep whose groups came before. Throws `SB-SERVE-005` where one of them did not; nothing is recorded then. */
  submitOfGroups({ configSets, wants, gates, warnings, isLimited, budget, ...sent }: SweepOfGroups): { readonly sweep: string } {
    const plan = { sweep: sent.name, groups: [], gates, warnings, isLimited, budget }
    const named = wants.map(([group, set, rank]) => {
      const configs = configSets[set]
      if (configs === undefined) throw new SweepError('SB-SERVE-005', { message: `there is no config set ${set}` })
      return { group, configs, rank }
    })
    return this.#record({ ...sent, plan, wants: named }, [])
  }

  #record(sweep: Omit<Submission, 'createdAt'>, prepared: readonly PreparedTask[]): { readonly sweep: string } {
    this.coordinator.submit({ ...sweep, createdAt: new Date().toISOString() }, prepared)
    this.events.publish({ event: 'sweep', sweep: sweep.sweep })
    this.tickSoon()
    return { sweep: sweep.sweep }
  }

  /** What a submitter prepared must be stored here, and read as what was scored before. */
  #assertUsable(all: readonly PreparedTask[], groups: readonly PlannedGroup[]): void {
    for (const { queries, documents, judgments } of all) {
      for (const digest of [queries.digest, documents.digest, judgments]) {
        if (!this.store.existsSync(digest)) throw new SweepError('SB-ART-001', { digest })
      }
    }
    // Old scores under a corrected data set would be a lie: refused before anything is recorded.
    const changed = all.find((prepared) => this.ledger.isChanged(prepared))
    if (changed) {
      const task = groups.find((group) => taskKey(group.task) === changed.key)?.task.task ?? changed.key
      throw new SweepError('SB-LEDGER-006', { task })
    }
  }

  control(sweep: string, action: 'pause' | 'resume' | 'cancel' | 'retry'): SweepView {
    this.coordinator.control(sweep, action)
    this.events.publish({ event: 'sweep', sweep })
    this.tickSoon()
    return this.sweepView(sweep)
  }

  /** A sweep's counts with measured rate and ETA; null rate until two observations lie apart. */
  sweepView(sweep: string): SweepView {
    const status = this.ledger.sweepStatus(sweep)
    const rate = this.#rates.observe(sweep, status.tokens.done, performance.now())
    const left = status.tokens.total - status.tokens.done
    return { ...status, tokensPerSecond: rate, etaSeconds: rate && rate > 0 && status.state === 'running' ? left / rate : null }
  }

  /** Lanes with work or slots; added up anew only so often that it takes at most a twentieth of the thread. */
  lanes(): readonly LaneView[] {
    const now = performance.now()
    if (this.#laneViews === null || now >= this.#laneViews.freshUntil) {
      const views = laneViews(this.ledger, this.coordinator.hosts(), this.coordinator.unservableNow())
      this.#laneViews = { views, freshUntil: now + 20 * (performance.now() - now) }
    }
    return this.#laneViews.views
  }

  /** Every cell the sweep names; a failure tied to a text names its id. */
  cells(sweep: string): ReturnType<Ledger['cells']> {
    return nameFailedTexts(this.ledger.cells(sweep), (digest) => this.store.readSync(digest))
  }

  leaderboard(query: LeaderboardQuery): Leaderboard {
    return this.boards.board(query)
  }

  /** Adds or replaces imported rows, in one transaction: a few hundred at once, else requests wait. */
  importPublished(rows: readonly PublishedRow[]): void {
    this.ledger.importPublished(rows)
    this.boards.published.forget(new Set(rows.map((row) => row.task)))
    this.events.publish({ event: 'cells', sweep: null })
  }

  gateOutcomes(sweep: string): GateOutcome[] {
    const cells = this.ledger.cells(sweep).flatMap((cell) =>
      cell.state === 'scored' && cell.metrics
        ? [
            {
              model: cell.model,
              task: cell.task,
              metrics: cell.metrics,
              mainScore: cell.mainScore,
              isDefaultConfig: cell.variant === '' && isDefaultConfig(cell.config, cell.recipe.similarity),
              published:
                publishedOf(
                  cell.model,
                  this.boards.published.entries({ task: cell.task, split: cell.split, subset: cell.subset }),
                )?.score ?? null,
            },
          ]
        : [],
    )
    return judgeGates(this.ledger.sweepStatus(sweep).gates, cells)
  }

  async #prepare(ref: TaskRef, options: ServiceOptions): Promise<PreparedTask> {
    const { source } = ref
    if (
      source.kind === 'folder' &&
      options.readableRoots !== null &&
      !options.readableRoots.some((root) => source.path === root || source.path.startsWith(`${root}/`))
    )
      throw new SweepError('SB-TASK-008', { task: ref.task, path: source.path })
    const read = { hub: options.hub, onNote: (message: string) => this.log({ level: 'warn', message, task: ref.task }) }
    return prepareInChild(ref, join(options.folder, 'artifacts'), undefined, read)
  }
}

export type SweepView = ReturnType<Ledger['sweepStatus']> & {
  readonly tokensPerSecond: number | null
  readonly etaSeconds: number | null
}
