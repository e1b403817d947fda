import type {
  Beat,
  CellResult,
  ChunkEvidence,
  Claim,
  ClaimAnswer,
  Commit,
  EncodeWork,
  End,
  Load,
  ScoreWork,
  SideRecipe,
  SlotReport,
} from '@sweepboard/contracts'
import { laneName, SCORE_LANE, sha256 } from '@sweepboard/contracts'
import type { Simulation } from './simulation.ts'
import { Crash, Violation } from './violation.ts'
import { CHUNK_TOKENS, scoreOf } from './world.ts'

/** Ways in which a worker may be built wrong; planted by tests. */
export interface WorkerBreakage {
  readonly ticketBeforeOutbox?: boolean
  readonly entryBeforeAck?: boolean
  readonly outboxNotNamed?: boolean
  readonly claimNamedLate?: boolean
  readonly ignoresStop?: boolean
  readonly noMark?: boolean
  readonly endFirst?: boolean
  readonly scorerTrusts?: boolean
}

interface Item {
  readonly encoding: number
  readonly n: number
  readonly label: string
  readonly side: SideRecipe
}

interface Job {
  readonly lease: string
  readonly run: string
  readonly queue: string
  state: 'taken' | 'claiming' | 'running'
  work: EncodeWork | ScoreWork | null
  all: Item[]
  todo: Item[]
  current: Item | null
  ticksLeft: number
  failures: End['failures']
  isDead: boolean
  isAsked: boolean
  gaveBack: boolean
  ghostTicks: number
}

interface SimSlot {
  readonly id: string
  readonly device: 'cpu' | 'endpoint'
  readonly isScore: boolean
  lane: Load | null
  want: Load | null
  jobs: Job[]
  loadedAt: number
}

interface Entry {
  readonly id: number
  readonly lease: string
  readonly commit: Commit | null
  readonly end: End | null
  isUploaded: boolean
}

/** What survives a kill. */
interface Disk {
  outbox: Entry[]
  copies: Map<string, string>
  marks: Map<string, Item[]>
  nextId: number
}

/** A worker's host: slots, outbox and marks on a simulated disk, one request at a time to a simulated network. */
export class SimHost {
  readonly id: string
  readonly breakage: WorkerBreakage
  isUp = false
  boot = 0
  downUntil = 0
  stoppedUntil = 0
  isFull = false
  wasFull = Number.NEGATIVE_INFINITY
  isDraining = false
  isCut = false
  isGone: false | 'for now' | 'for good' = false
  /** When last it was killed, stopped, cut off or lost a beat. */
  disturbed = Number.NEGATIVE_INFINITY
  disk: Disk = { outbox: [], copies: new Map(), marks: new Map(), nextId: 0 }
  slots: SimSlot[] = []
  mail: (() => void)[] = []
  readonly #sim: Simulation
  readonly #slotCount: number
  readonly #ticksPerChunk: number
  readonly #hasEndpoint: boolean
  readonly #inFlight = new Set<number>()
  #seq = 0

  constructor(sim: Simulation, index: number, breakage: WorkerBreakage) {
    this.#sim = sim
    this.id = `h${index}`
    this.breakage = breakage
    this.#slotCount = 1 + sim.chance.int(2)
    this.#ticksPerChunk = 1 + sim.chance.int(3)
    this.#hasEndpoint = sim.world.hasEndpoint && (index === 0 || sim.chance.hits(0.4))
    this.#start()
  }

  #start(): void {
    this.isUp = true
    this.stoppedUntil = 0
    this.boot += 1
    this.#seq = 0
    this.mail = []
    this.#inFlight.clear()
    this.isDraining = false
    const slot = (id: string, device: 'cpu' | 'endpoint'): SimSlot => ({
      id,
      device,
      isScore: id === 'score',
      lane: null,
      want: null,
      jobs: [],
      loadedAt: 0,
    })
    this.slots = Array.from({ length: this.#slotCount }, (_, i) => slot(`cpu${i}`, 'cpu'))
    if (this.#hasEndpoint) this.slots.push(slot('remote', 'endpoint'))
    this.slots.push(slot('score', 'cpu'))
    for (const [lease, items] of this.disk.marks) {
      const done = new Set(
        this.disk.outbox.flatMap(({ commit }) => (commit?.lease === lease ? [`${commit.encoding}#${commit.n}`] : [])),
      )
      const crashed = items.filter(({ encoding, n }) => !done.has(`${encoding}#${n}`)).map(({ encoding, n }) => ({ encoding, n }))
      this.#write({ lease, commit: null, end: this.#end(lease, { crashed }) })
    }
    this.disk.marks.clear()
  }

  kill(why: string): void {
    const { sim } = { sim: this.#sim }
    sim.log(this.id, 'KILL', why)
    this.isUp = false
    this.disturbed = sim.now
    this.downUntil = sim.now + 1 + sim.chance.int(sim.chance.hits(0.3) ? 60 : 8)
    for (const { jobs } of this.slots) for (const job of jobs) if (job.current) sim.oracle.allow(1)
  }

  /** Every lease held: from the moment its claim is sent to the acknowledgement of its last outbox entry. */
  holding(): string[] {
    const held = new Set(this.breakage.outboxNotNamed ? [] : this.disk.outbox.map(({ lease }) => lease))
    for (const { jobs } of this.slots) {
      for (const { lease, state } of jobs)
        if (state === 'running' || (state === 'claiming' && !this.breakage.claimNamedLate)) held.add(lease)
    }
    return [...held]
  }

  tick(): void {
    const { now } = this.#sim
    if (!this.isUp) {
      this.disturbed = now
      if (now >= this.downUntil && !this.isGone) this.#start()
      return
    }
    if (this.stoppedUntil > 0) {
      this.disturbed = now
      if (now < this.stoppedUntil) return
      this.stoppedUntil = 0
      for (const read of this.mail.splice(0)) read()
      return
    }
    this.alive(() => {
      if ((now + this.boot) % 3 === 0) this.#beat()
      this.#deliver()
      for (const slot of this.slots) this.#work(slot)
    })
  }

  /** Runs a step of this process; a crash point in it kills the process. */
  alive(step: () => void): void {
    if (!this.isUp) return
    try {
      step()
    } catch (thrown) {
      if (!(thrown instanceof Crash)) throw thrown
      this.kill(thrown.point)
    }
  }

  #beat(): void {
    this.#seq += 1
    const beat: Beat = {
      host: this.id,
      hostname: this.id,
      boot: this.boot,
      seq: this.#seq,
      version: '1',
      slots: this.slots.map((slot) => this.#report(slot)),
      holding: this.holding(),
      weights: null,
      allowEnv: [],
    }
    this.#sim.request(this, { kind: 'beat', body: beat }, (answer) => {
      if (answer === null) return
      for (const lease of answer.stop) if (!this.breakage.ignoresStop) this.#stop(lease)
      for (const slot of this.slots) {
        const lane = answer.lanes[slot.id]
        if (lane !== undefined) slot.want = lane
      }
    })
  }

  #report(slot: SimSlot): SlotReport {
    const isMoving = this.isDraining || slot.want?.key !== slot.lane?.key
    const state = this.isFull
      ? 'full'
      : slot.isScore
        ? this.isDraining
          ? 'draining'
          : 'serving'
        : isMoving
          ? 'draining'
          : slot.lane === null
            ? 'idle'
            : 'serving'
    const tokensPerSecond = slot.lane === null ? {} : { [slot.lane.key]: CHUNK_TOKENS / this.#ticksPerChunk }
    return {
      id: slot.id,
      device: slot.device,
      memoryBytes: 1e9,
      state,
      lane: slot.lane?.key ?? null,
      tokensPerSecond,
      closed: [],
    }
  }

  #stop(lease: string): void {
    for (const slot of this.slots) {
      for (const job of [...slot.jobs]) {
        if (job.lease !== lease || job.state !== 'running') continue
        if (job.current) this.#sim.oracle.allow(1)
        this.disk.marks.delete(lease)
        this.#leave(slot, job)
      }
    }
  }

  #leave(slot: SimSlot, job: Job): void {
    job.isDead = true
    slot.jobs = slot.jobs.filter((one) => one !== job)
    this.#sim.queue.finish(job.queue, job.lease)
  }

  #write(entry: Pick<Entry, 'lease' | 'commit' | 'end'>): boolean {
    if (this.isFull) return false
    this.disk.nextId += 1
    this.disk.outbox.push({ ...entry, id: this.disk.nextId, isUploaded: false })
    return true
  }

  #end(lease: string, parts: Partial<End>): End {
    return {
      ledger: this.#sim.ledgerId,
      host: this.id,
      boot: this.boot,
      lease,
      results: [],
      failures: [],
      scoreFailures: [],
      missing: [],
      crashed: [],
      ...parts,
    }
  }

  #work(slot: SimSlot): void {
    const sim = this.#sim
    const queue = slot.isScore ? SCORE_LANE : slot.lane === null ? null : laneName(slot.lane.key)
    for (const job of slot.jobs) sim.queue.renew(job.queue, job.lease, sim.now)
    const isMoving = !slot.isScore && slot.want?.key !== slot.lane?.key
    if (isMoving || this.isDraining) this.#giveBack(slot)
    if (isMoving && slot.jobs.length === 0) {
      slot.lane = slot.want
      slot.loadedAt = sim.now + 4
    }
    if (queue !== null && !isMoving && slot.jobs.length < 2 && sim.now >= slot.loadedAt && !this.isFull && !this.isDraining)
      this.#take(slot, queue)
    const [job] = slot.jobs
    if (job?.state !== 'running') return
    if (slot.isScore) this.#score(slot, job)
    else this.#encode(slot, job)
  }

  #giveBack(slot: SimSlot): void {
    for (const job of slot.jobs) {
      if (job.state !== 'running' || slot.isScore || job.todo.length === 0) continue
      job.todo = []
      job.gaveBack = true
    }
  }

  #take(slot: SimSlot, queue: string): void {
    const sim = this.#sim
    const lease = sim.queue.take(queue, sim.now)
    if (lease === null) return
    const job: Job = {
      lease,
      run: `${this.id}.${this.boot}.${sim.nextRun()}`,
      queue,
      state: 'taken',
      work: null,
      all: [],
      todo: [],
      current: null,
      ticksLeft: 0,
      failures: [],
      isDead: false,
      isAsked: false,
      gaveBack: false,
      ghostTicks: 0,
    }
    slot.jobs.push(job)
    sim.point('w.taken')
    this.#claim(slot, job)
  }

  #claim(slot: SimSlot, job: Job): void {
    const sim = this.#sim
    job.state = 'claiming'
    sim.point('w.claim-sent')
    const claim: Claim = { lease: job.lease, run: job.run, host: this.id, boot: this.boot, seq: this.#seq, slot: slot.id }
    sim.request(this, { kind: 'claim', body: claim }, (answer) => {
      if (job.isDead) return
      if (answer === null) {
        const { boot } = this
        sim.later(2, () => {
          if (this.isUp && this.boot === boot && !job.isDead) sim.deliverTo(this, () => this.#claim(slot, job))
        })
        return
      }
      this.#claimed(slot, job, answer)
    })
  }

  #claimed(slot: SimSlot, job: Job, answer: ClaimAnswer): void {
    if (answer.state === 'gone') {
      this.#leave(slot, job)
      return
    }
    this.#sim.oracle.granted(job.lease, job.run)
    job.state = 'running'
    job.work = answer.work
    if (answer.work.kind === 'encode') {
      const { load, parts } = answer.work
      job.all = parts.flatMap(({ encoding, side, textSet, chunks }) =>
        chunks.map(({ n }) => ({ encoding, n, side, label: this.#sim.world.label(load.key, textSet, side, n) })),
      )
      job.todo = [...job.all]
    }
    this.#sim.point('w.claimed')
  }

  /** One tick of an encode run: whole chunks, in order, each into an artifact and an outbox entry. */
  #encode(slot: SimSlot, job: Job): void {
    const sim = this.#sim
    if (job.current === null && this.#mustWait(slot, job)) return
    if (!this.breakage.noMark && !this.disk.marks.has(job.lease)) this.disk.marks.set(job.lease, [...job.todo])
    if (job.current === null) {
      const next = job.todo.shift()
      if (next === undefined) {
        this.#finish(slot, job)
        return
      }
      job.current = next
      job.ticksLeft = this.#ticksPerChunk
      sim.oracle.begun(job.lease, next.label)
      sim.log(this.id, 'begin', next.label, job.lease)
      sim.point('w.chunk-begun')
      if (sim.world.killers.has(next.label)) throw new Crash('killer text')
    }
    job.ticksLeft -= 1
    if (job.ticksLeft > 0) return
    this.#chunkDone(slot, job, job.current)
    job.current = null
  }

  /** A quarantined run computes with nothing beside it on its host. */
  #mustWait(slot: SimSlot, job: Job): boolean {
    const isAlone = (one: Job | undefined) => one?.work?.kind === 'encode' && one.work.alone
    return this.slots.some((other) => {
      const [first] = other.jobs
      if (other === slot || other.isScore || first?.state !== 'running') return false
      return isAlone(job) ? first.current !== null || (isAlone(first) && other.id < slot.id) : isAlone(first)
    })
  }

  #chunkDone(slot: SimSlot, job: Job, { encoding, n, label }: Item): void {
    const sim = this.#sim
    const failure = { encoding, n, code: 'SB-MODEL-006', message: label, fix: '', text: 0 }
    const flaky = sim.world.flaky.get(label) ?? 0
    if (sim.world.poison.has(label)) job.failures.push({ ...failure, kind: 'poison' })
    else if (flaky > 0) {
      sim.world.flaky.set(label, flaky - 1)
      sim.oracle.allow(1)
      job.failures.push({ ...failure, kind: 'engine', text: null })
    } else if (this.isFull) job.todo = []
    else {
      sim.point('w.artifact-before')
      const digest = sha256(`${label} v${sim.chance.int(2)}`)
      if (this.breakage.ticketBeforeOutbox && job.todo.length === 0) this.#completeTicket(slot, job)
      this.disk.copies.set(digest, label)
      sim.point('w.artifact-written')
      this.#write({
        lease: job.lease,
        commit: { lease: job.lease, encoding, n, digest, evidence: evidence(this.id, slot.id) },
        end: null,
      })
      sim.point('w.outbox-written')
    }
  }

  #finish(slot: SimSlot, job: Job): void {
    if (job.failures.length > 0 || this.isFull || job.gaveBack || job.all.length === 0) {
      const end = this.#end(job.lease, { failures: job.failures })
      if (!this.#write({ lease: job.lease, commit: null, end }))
        this.#sim.request(this, { kind: 'end', body: end }, () => undefined)
    }
    this.disk.marks.delete(job.lease)
    this.#sim.point('w.ticket-before')
    this.#completeTicket(slot, job)
    this.#sim.point('w.ticket-done')
  }

  #completeTicket(slot: SimSlot, job: Job): void {
    const isFull = this.isFull || this.#sim.now - this.wasFull < 40
    if (!slot.isScore && !job.isDead && !isFull) {
      const waiting = this.disk.outbox.filter(({ lease }) => lease === job.lease)
      const hasEnd = waiting.some(({ end }) => end !== null)
      const isNamed = ({ encoding, n }: Item) =>
        this.disk.outbox.some(({ commit }) => commit?.encoding === encoding && commit.n === n)
      if (!hasEnd)
        this.#sim.oracle.completed(
          job.lease,
          job.all.filter((item) => !isNamed(item)),
        )
    }
    this.#leave(slot, job)
  }

  #score(slot: SimSlot, job: Job): void {
    const { work } = job
    if (job.isAsked || work?.kind !== 'score') return
    job.isAsked = true
    const chunks = [
      ...work.queries.chunks.map((chunk) => ({ ...chunk, encoding: work.queries.encoding })),
      ...work.documents.chunks.map((chunk) => ({ ...chunk, encoding: work.documents.encoding })),
    ]
    if (chunks.some(({ digest }) => !digest)) throw new Violation('score-complete', `${work.lease} has a chunk without digest`)
    this.#sim.request(this, { kind: 'fetch', body: chunks.map(({ digest }) => digest) }, (labels) => {
      if (job.isDead) return
      if (labels === null) {
        job.isAsked = false
        return
      }
      this.#sim.point('w.score-read')
      const missing = chunks.filter((_, i) => labels[i] === null).map(({ encoding, n, digest }) => ({ encoding, n, digest }))
      const isBad = missing.length > 0 && !this.breakage.scorerTrusts
      const results = work.configs.map(({ key }) =>
        result(
          this.id,
          key,
          scoreOf(
            key,
            labels.map((label) => label ?? 'JUNK'),
          ),
        ),
      )
      const end = this.#end(job.lease, isBad ? { missing } : { results })
      if (!this.#write({ lease: job.lease, commit: null, end }))
        this.#sim.request(this, { kind: 'end', body: this.#end(job.lease, {}) }, () => undefined)
      this.#sim.point('w.score-done')
      this.#completeTicket(slot, job)
    })
  }

  /** Up to 8 entries in flight; an `end` only after all earlier entries of its lease. */
  #deliver(): void {
    const entries = this.breakage.endFirst ? [...this.disk.outbox].reverse() : this.disk.outbox
    for (const entry of entries) {
      if (this.#inFlight.size >= 8) return
      const isEarly =
        entry.end !== null &&
        !this.breakage.endFirst &&
        this.disk.outbox.some(({ id, lease }) => lease === entry.lease && id < entry.id)
      if (this.#inFlight.has(entry.id) || isEarly) continue
      this.#inFlight.add(entry.id)
      this.#send(entry)
    }
  }

  #send(entry: Entry): void {
    const sim = this.#sim
    const free = () => void this.#inFlight.delete(entry.id)
    const drop = () => {
      this.disk.outbox = this.disk.outbox.filter(({ id }) => id !== entry.id)
    }
    const done = () => {
      sim.point('w.ack-before-remove')
      drop()
      free()
      if (entry.commit) this.disk.copies.delete(entry.commit.digest)
    }
    const retry = () => (this.breakage.entryBeforeAck ? free() : sim.later(2, free))
    if (this.breakage.entryBeforeAck) drop()
    const { commit, end } = entry
    if (end !== null) {
      sim.request(this, { kind: 'end', body: end }, (answer) => (answer === null ? retry() : done()))
      return
    }
    if (commit === null) return
    const commitIt = () =>
      sim.request(this, { kind: 'commit', body: [commit] }, (verdicts) => {
        if (verdicts === null) return retry()
        if (verdicts[0] !== 'need') return done()
        entry.isUploaded = false
        if (this.disk.copies.has(commit.digest)) return free()
        sim.oracle.allow(1)
        done()
      })
    const label = this.disk.copies.get(commit.digest)
    if (entry.isUploaded || label === undefined) return commitIt()
    sim.request(this, { kind: 'put', body: { digest: commit.digest, label } }, (answer) => {
      if (answer === null) return retry()
      entry.isUploaded = true
      sim.point('w.upload-done')
      commitIt()
    })
  }
}

function evidence(host: string, slot: string): ChunkEvidence {
  const words = { host, slot, engine: 'sim', engineVersion: '1', provider: 'cpu', dtype: 'float32', device: 'cpu', code: '' }
  const counts = {
    textCount: 10,
    tokenCount: CHUNK_TOKENS,
    paddedTokenCount: CHUNK_TOKENS,
    truncatedCount: 0,
    controlTokenCount: 0,
    emptyTextCount: 0,
  }
  return { ...words, ...counts, batchCount: 1, splitCount: 0, loadSeconds: 0, encodeSeconds: 1, peakMemoryBytes: 1, dim: 16 }
}

function result(host: string, config: string, value: number): CellResult {
  const proof = {
    host,
    searchSeconds: 0,
    metricSeconds: 0,
    blockCount: 1,
    blockReads: 1,
    peakMemoryBytes: 1,
    calibration: null,
    code: '',
  }
  return { config, metrics: { ndcg_at_10: value }, mainScore: value, run: null, perQuery: null, evidence: proof }
}
