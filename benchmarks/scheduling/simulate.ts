import {
  chooseLanes,
  DEFAULT_TOKENS_PER_SECOND,
  type Lane,
  type LanePlan,
  leaseTokens,
  pickChunks,
  pickSweep,
  windowFor,
} from '@sweepboard/dispatch'
import { EventHeap } from './heap.ts'
import { LaneWork } from './lane-work.ts'
import type { Outcome } from './outcome.ts'
import { CHUNK_TOKENS, canServe, type Scenario, SHARE, type SimModel, type SimTask } from './scenario.ts'
import { type Lease, newSlot, type SimSlot } from './sim-slot.ts'
import { SimSweeps } from './sim-sweeps.ts'
import type { SimChunk } from './work-list.ts'

const SCORE_SECONDS = 2
/** Share of the newest chunk in a slot's measured speed, as in the worker. */
const NEWEST = 0.3
const TICKETS = 2

type Event =
  | { readonly kind: 'tick' }
  | { readonly kind: 'arrive'; readonly sweep: number }
  | { readonly kind: 'loaded'; readonly slot: SimSlot; readonly loadId: number }
  | { readonly kind: 'chunk'; readonly slot: SimSlot }
  | { readonly kind: 'attach'; readonly sweep: string; readonly task: SimTask }

/** The shipped lane choice, windows, lease sizes and picks on virtual slots, event by event; nothing else of the service. */
export class FleetSimulation {
  readonly #scenario: Scenario
  readonly #models: ReadonlyMap<string, SimModel>
  readonly #events = new EventHeap<Event>()
  readonly #slots: readonly SimSlot[]
  readonly #sweeps = new SimSweeps()
  readonly #work = new LaneWork()
  readonly #queues = new Map<string, Lease[]>()
  readonly #open = new Map<string, number>()
  readonly #unservedSince = new Map<string, number>()
  readonly #tickSeconds: number
  #now = 0
  #loads = 0
  #busy = 0
  #ticks = 0
  #lastEnd = 0
  #plan: LanePlan | undefined
  #choiceMs = { sum: 0, worst: 0 }

  constructor(scenario: Scenario) {
    this.#scenario = scenario
    this.#models = new Map(scenario.models.map((model) => [model.key, model]))
    this.#slots = scenario.slots.map((card, i) => newSlot(card, i))
    if (scenario.remembers) for (const slot of this.#slots) this.#remember(slot)
    this.#tickSeconds = scenario.slots.length > 200 ? 10 : scenario.slots.length > 20 ? 2 : 1
    for (const [i, { at }] of scenario.sweeps.entries()) this.#events.push(at, { kind: 'arrive', sweep: i })
    this.#events.push(0, { kind: 'tick' })
  }

  #remember(slot: SimSlot): void {
    for (const model of this.#models.values()) {
      if (!canServe(slot.card, model)) continue
      slot.view.tokensPerSecond[model.key] = this.#speedOf(slot, model.key)
      slot.view.loadSeconds[model.key] = model.loadSeconds
    }
  }

  /** Throws where the work does not end within ten days. */
  run(): Outcome {
    for (;;) {
      const next = this.#events.pop()
      if (next === undefined || next.at > 864_000) throw new Error(`seed ${this.#scenario.seed}: the work never ends`)
      this.#now = next.at
      if (next.event.kind === 'tick') {
        if (this.#sweeps.isOver(this.#scenario.sweeps.length)) break
        this.#tick()
      } else this.#handle(next.event)
    }
    const makespanSeconds = this.#lastEnd
    const scenario = this.#scenario
    return {
      makespanSeconds,
      loads: this.#loads,
      idle: this.#slots.filter((slot) => !slot.hasLoaded && scenario.models.some((model) => canServe(slot.card, model))).length,
      small: this.#sweeps
        .all()
        .filter(({ isSmall }) => isSmall)
        .map(({ at, first, end }) => ({ firstSeconds: first - at, endSeconds: end - at })),
      busyShare: this.#busy / (makespanSeconds * this.#slots.length),
      ticks: this.#ticks,
      choiceMs: { mean: this.#choiceMs.sum / this.#ticks, worst: this.#choiceMs.worst },
    }
  }

  #handle(event: Exclude<Event, { kind: 'tick' }>): void {
    if (event.kind === 'arrive') this.#arrive(event.sweep)
    else if (event.kind === 'attach') this.#work.attachNext(event.sweep, event.task)
    else if (event.kind === 'loaded') this.#loaded(event.slot, event.loadId)
    else this.#chunkDone(event.slot)
  }

  #arrive(index: number): void {
    const sweep = this.#scenario.sweeps[index]
    if (sweep === undefined) return
    const serving = this.#slots.filter(({ lane, isLoading }) => lane !== null && !isLoading).length
    this.#sweeps.arrive(sweep, serving)
    for (const task of sweep.tasks) this.#work.attach(sweep.id, task)
  }

  #tick(): void {
    this.#ticks += 1
    this.#choose()
    for (const slot of this.#slots) this.#obey(slot)
    this.#returnStranded()
    for (const lane of this.#models.keys()) this.#fill(lane)
    this.#events.push(this.#now + this.#tickSeconds, { kind: 'tick' })
  }

  #choose(): void {
    for (const slot of this.#slots) {
      slot.view.laneForMs = 1000 * (this.#now - slot.toldAt)
      slot.view.isServing = slot.lane === slot.view.lane && !slot.isLoading
    }
    const lanes = this.#work.remaining().map(([key, tokens]) => this.#laneView(key, tokens))
    const from = performance.now()
    const slots = this.#slots.map(({ view }) => view)
    const awaited = this.#work.awaited()
    const { slots: told, plan } = chooseLanes({
      slots,
      lanes,
      awaited,
      growing: awaited,
      plan: this.#plan,
      now: 1000 * this.#now,
    })
    this.#plan = plan
    const took = performance.now() - from
    this.#choiceMs = { sum: this.#choiceMs.sum + took, worst: Math.max(this.#choiceMs.worst, took) }
    for (const slot of this.#slots) {
      const lane = told.get(slot.view.id) ?? null
      if (lane === slot.view.lane) continue
      slot.view.lane = lane
      slot.toldAt = this.#now
    }
    const served = new Set(told.values())
    for (const { key } of lanes) {
      if (served.has(key)) this.#unservedSince.delete(key)
      else if (!this.#unservedSince.has(key)) this.#unservedSince.set(key, this.#now)
    }
  }

  #laneView(key: string, remainingTokens: number): Lane {
    const model = this.#models.get(key) as SimModel
    const sweeps = this.#sweeps.all().filter(({ id }) => this.#work.isOpen(key, id))
    return {
      key,
      devices: ['cuda'],
      memoryBytes: model.memoryBytes,
      memoryShare: SHARE,
      spansDevices: true,
      parameterCount: model.parameterCount,
      weights: null,
      keyVariable: null,
      maxSlots: null,
      loadSeconds: model.estimatedLoadSeconds,
      remainingTokens,
      chunkTokens: CHUNK_TOKENS,
      unservedForMs: 1000 * (this.#now - (this.#unservedSince.get(key) ?? this.#now)),
      sweeps: sweeps.map(({ id, weight }) => ({ sweep: id, weight })),
    }
  }

  /** A slot told another lane gives back leases that it has not begun, finishes its chunk, gives back the rest, and loads. */
  #obey(slot: SimSlot): void {
    const { lane } = slot.view
    if (slot.lane === lane) return
    for (const lease of slot.leases.splice(1)) this.#giveBack(lease)
    if (slot.isComputing) return
    for (const lease of slot.leases.splice(0)) this.#giveBack(lease)
    slot.lane = lane
    slot.loadId += 1
    slot.isLoading = lane !== null
    if (lane === null) return
    this.#loads += 1
    slot.hasLoaded = true
    const seconds = (this.#models.get(lane) as SimModel).loadSeconds
    this.#events.push(this.#now + seconds, { kind: 'loaded', slot, loadId: slot.loadId })
  }

  #loaded(slot: SimSlot, loadId: number): void {
    if (slot.loadId !== loadId || slot.lane === null) return
    slot.isLoading = false
    slot.view.loadSeconds[slot.lane] = (this.#models.get(slot.lane) as SimModel).loadSeconds
    this.#fill(slot.lane)
    this.#takeAndCompute(slot)
  }

  #giveBack(lease: Lease): void {
    this.#addOpen(lease.lane, -1)
    for (const chunk of lease.chunks) this.#work.giveBack(chunk)
  }

  #addOpen(lane: string, leases: number): void {
    this.#open.set(lane, (this.#open.get(lane) ?? 0) + leases)
  }

  /** Tickets of lanes that no slot serves any more. */
  #returnStranded(): void {
    const served = new Set(this.#slots.map(({ view }) => view.lane))
    for (const [lane, queue] of this.#queues) {
      if (!served.has(lane)) for (const lease of queue.splice(0)) this.#giveBack(lease)
    }
  }

  #fill(lane: string): void {
    const serving = this.#slots.filter((slot) => slot.lane === lane && slot.view.lane === lane && !slot.isLoading)
    if (serving.length === 0) return
    const speeds = serving.flatMap(({ view }) => view.tokensPerSecond[lane] ?? [])
    if (speeds.length === 0) speeds.push(DEFAULT_TOKENS_PER_SECOND)
    const slowest = Math.min(...speeds)
    const sum = (speeds.reduce((total, one) => total + one, 0) * serving.length) / speeds.length
    const queue = this.#queues.get(lane) ?? []
    this.#queues.set(lane, queue)
    while ((this.#open.get(lane) ?? 0) < windowFor(serving.length)) {
      const most = leaseTokens({
        slowestTokensPerSecond: slowest,
        fastestTokensPerSecond: Math.max(...speeds),
        tokensPerSecond: sum,
        liveSlots: this.#slots.length,
        tokensLeft: this.#work.todoTokens(lane),
      })
      const lease = this.#lease(lane, most, slowest)
      if (lease === null) break
      queue.push(lease)
      this.#addOpen(lane, 1)
    }
    for (const slot of serving) if (queue.length > 0) this.#takeAndCompute(slot)
  }

  #lease(lane: string, most: number, slowest: number): Lease | null {
    const sweeps = this.#work.waitingSweeps(lane).flatMap((id) => this.#sweeps.get(id) ?? [])
    const [sweep] = pickSweep(sweeps)
    if (sweep === undefined) return null
    const picked = pickChunks(this.#work.candidates(lane, sweep.id), most)
    sweep.vtime += picked.tokens / slowest / sweep.weight
    return { lane, chunks: this.#work.take(lane, sweep.id, picked.chunks.length) }
  }

  #takeAndCompute(slot: SimSlot): void {
    const { lane } = slot
    if (lane === null || slot.isLoading || slot.view.lane !== lane) return
    const queue = this.#queues.get(lane) ?? []
    while (slot.leases.length < TICKETS && queue.length > 0) slot.leases.push(queue.shift() as Lease)
    const chunk = slot.leases[0]?.chunks[0]
    if (chunk === undefined || slot.isComputing) return
    slot.isComputing = true
    const seconds = chunk.tokens / this.#speedOf(slot, lane)
    this.#busy += seconds
    this.#events.push(this.#now + seconds, { kind: 'chunk', slot })
  }

  #speedOf(slot: SimSlot, lane: string): number {
    return (this.#models.get(lane) as SimModel).tokensPerSecond * slot.card.speed * slot.card.luck
  }

  #chunkDone(slot: SimSlot): void {
    const lane = slot.lane as string
    slot.isComputing = false
    const [lease] = slot.leases
    const chunk = lease?.chunks.shift()
    if (lease === undefined || chunk === undefined) return
    const measured = this.#speedOf(slot, lane)
    const before = slot.view.tokensPerSecond[lane] ?? measured
    slot.view.tokensPerSecond[lane] = before + NEWEST * (measured - before)
    this.#count(chunk)
    if (lease.chunks.length === 0) {
      slot.leases.shift()
      this.#addOpen(lane, -1)
      if (this.#slots.length <= 200) this.#fill(lane)
    }
    if (slot.view.lane === lane) this.#takeAndCompute(slot)
    else this.#obey(slot)
  }

  #count(chunk: SimChunk): void {
    this.#work.done(chunk)
    this.#sweeps.count(chunk.sweep, this.#now)
    this.#lastEnd = this.#now
    chunk.task.left -= 1
    if (chunk.task.left === 0 && chunk.task.next !== null)
      this.#events.push(this.#now + SCORE_SECONDS, { kind: 'attach', sweep: chunk.sweep, task: chunk.task.next })
  }
}
