import { type Commit, type CommitVerdict, type End, ERRORS, LabelCap } from '@sweepboard/contracts'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { isScoreSlot } from './coordinator-hosts.ts'
import type { LaneView } from './lane-view.ts'
import type { Service } from './service.ts'

/** From a thousandth of a second to half a minute. */
const BUCKETS = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const SLOT_STATES = ['idle', 'loading', 'serving', 'draining', 'full'] as const
const SWEEP_STATES = ['running', 'paused', 'done', 'cancelled'] as const

/** Numbers of one service for Prometheus: what it was asked, and what stands at the moment of a scrape. */
export class ServiceMetrics {
  readonly #registry = new Registry()
  readonly #service: Service
  readonly #models = new LabelCap()
  readonly #lanes = new LabelCap()
  readonly #beats = this.#counter('beats_total', 'Heartbeats answered')
  readonly #claims = this.#counter('claims_total', 'Claims of leases', 'state')
  readonly #commits = this.#counter('commits_total', 'Chunks workers committed, repeats included', 'verdict')
  readonly #texts = this.#counter('encoded_texts_total', 'Texts in accepted commits', 'model')
  readonly #tokens = this.#counter('encoded_tokens_total', 'Tokens in accepted commits', 'model')
  readonly #ends = this.#counter('leases_ended_total', 'Leases whose end a worker told')
  readonly #failures = this.#counter('failures_total', 'Failures told by workers: chunks, cells', 'code')
  readonly #retries = this.#counter('retries_total', 'Chunks put back to be computed again')
  readonly #requests = new Histogram({
    name: 'sweepboard_http_request_duration_seconds',
    help: 'Seconds from a request to its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS,
    registers: [this.#registry],
  })

  constructor(service: Service) {
    this.#service = service
    collectDefaultMetrics({ register: this.#registry })
    this.#gauge('build_info', 'Version of the service', ['version'], (gauge) => gauge.set({ version: service.version }, 1))
    this.#gauge('queue_up', '1 while the queue answers', [], (gauge) => gauge.set(service.coordinator.isQueueAway ? 0 : 1))
    this.#addSlots()
    this.#addLanes()
    this.#addSweeps()
    service.coordinator.onRetries((count) => this.#retries.inc(count))
  }

  /** The text format of Prometheus. */
  text(): Promise<string> {
    return this.#registry.metrics()
  }

  /** A request was answered; `route` as the route table writes it, never a path of a caller's making. */
  answered(request: { method: string; route: string; status: number; seconds: number }): void {
    const { method, route, status, seconds } = request
    this.#requests.observe({ method, route, status: String(status) }, seconds)
  }

  /** A JSON route has run: what it was asked and what it answered are counted by their meaning. */
  ran(path: string, body: unknown, answer: unknown): void {
    if (path === '/beat') this.#beats.inc()
    else if (path === '/claim') this.#claims.inc({ state: (answer as { state: string }).state })
    else if (path === '/commit')
      this.#committed((body as { commits: Commit[] }).commits, (answer as { verdicts: CommitVerdict[] }).verdicts)
    else if (path === '/end') this.#ended(body as End)
  }

  #committed(commits: readonly Commit[], verdicts: readonly CommitVerdict[]): void {
    const { ledger } = this.#service
    for (const [i, { encoding, evidence }] of commits.entries()) {
      const verdict = verdicts[i] ?? 'drop'
      this.#commits.inc({ verdict })
      if (verdict !== 'ok') continue
      const lane = ledger.laneOfEncoding(encoding)
      const model = this.#models.value((lane === null ? undefined : ledger.load(lane)?.model) ?? 'unknown')
      this.#texts.inc({ model }, evidence.textCount)
      this.#tokens.inc({ model }, evidence.tokenCount)
    }
  }

  #ended({ failures, scoreFailures, pairsFailure }: End): void {
    this.#ends.inc()
    for (const { code } of [...failures, ...scoreFailures, ...(pairsFailure ? [pairsFailure] : [])])
      this.#failures.inc({ code: Object.hasOwn(ERRORS, code) ? code : 'other' })
  }

  #addSlots(): void {
    const { coordinator } = this.#service
    this.#gauge('hosts', 'Live hosts', [], (gauge) => gauge.set(coordinator.hosts().length))
    this.#gauge('slots', 'Slots of live hosts', ['state', 'device'], (gauge) => {
      const slots = encodeSlots(this.#service)
      for (const device of new Set(slots.map((slot) => slot.device)))
        for (const state of SLOT_STATES)
          gauge.set({ state, device }, slots.filter((slot) => slot.state === state && slot.device === device).length)
    })
    this.#gauge('slots_busy_ratio', 'Share of the slots of live hosts that serve a lane', [], (gauge) => {
      const slots = encodeSlots(this.#service)
      gauge.set(slots.filter(({ state }) => state === 'serving').length / Math.max(1, slots.length))
    })
    this.#gauge('leases_held', 'Leases that live hosts hold', [], (gauge) =>
      gauge.set(coordinator.hosts().reduce((total, { holding }) => total + holding, 0)),
    )
  }

  #addLanes(): void {
    const add = (name: string, help: string, value: (view: LaneView) => number | null) =>
      this.#gauge(`lane_${name}`, help, ['lane', 'model'], (gauge) => {
        const totals = new Map<string, { labels: { lane: string; model: string }; value: number }>()
        for (const view of this.#service.lanes()) {
          const found = value(view)
          if (found === null) continue
          const labels = { lane: this.#lanes.value(view.lane.slice(0, 12)), model: this.#models.value(view.model) }
          const key = `${labels.lane} ${labels.model}`
          totals.set(key, { labels, value: (totals.get(key)?.value ?? 0) + found })
        }
        for (const { labels, value: total } of totals.values()) gauge.set(labels, total)
      })
    add('todo_tokens', 'Tokens that wait to be handed out', (view) => view.todoTokens)
    add('todo_chunks', 'Chunks that wait to be handed out', (view) => view.todoChunks)
    add('open_leases', 'Leases handed out and not ended', (view) => view.openLeases)
    add('slots', 'Slots that hold the lane in memory or load it', (view) => view.slots)
    add('tokens_per_second', 'Sum of what the serving slots measured', (view) => view.tokensPerSecond)
  }

  #addSweeps(): void {
    const { ledger } = this.#service
    this.#gauge('sweeps', 'Sweeps by state', ['state'], (gauge) => {
      const all = ledger.sweeps()
      for (const state of SWEEP_STATES) gauge.set({ state }, all.filter((sweep) => sweep.state === state).length)
    })
    this.#gauge('cells', 'Cells of the running sweeps', ['state'], (gauge) => {
      const running = ledger.sweeps().filter(({ state }) => state === 'running')
      for (const state of ['scored', 'failed', 'waiting'] as const)
        gauge.set(
          { state },
          running.reduce((total, { cells }) => total + cells[state], 0),
        )
    })
  }

  #gauge(name: string, help: string, labelNames: string[], collect: (gauge: Gauge) => void): void {
    new Gauge({
      name: `sweepboard_${name}`,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        this.reset()
        collect(this)
      },
    })
  }

  #counter(name: string, help: string, ...labelNames: string[]): Counter {
    return new Counter({ name: `sweepboard_${name}`, help, labelNames, registers: [this.#registry] })
  }
}

function encodeSlots({ coordinator }: Service) {
  return coordinator.hosts().flatMap((host) => host.slots.filter((slot) => !isScoreSlot(slot)))
}
