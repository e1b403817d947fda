import { ERRORS, LabelCap, type ServiceLink } from '@sweepboard/contracts'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { RunningWorker, WorkerEvent } from './options.ts'

const CALL_BUCKETS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const LOAD_BUCKETS = [1, 2, 5, 10, 20, 40, 80, 160, 320, 640]
const SLOT_STATES = ['idle', 'loading', 'serving', 'draining', 'full'] as const

/** Numbers of one worker for Prometheus: counted from what it says of itself, and read from it at a scrape. */
export class WorkerMetrics {
  readonly #registry = new Registry()
  readonly #models = new LabelCap()
  readonly #now: () => number
  /** Slot -> since when it loads. */
  readonly #loading = new Map<string, number>()
  readonly #texts = this.#counter('texts_total', 'Texts encoded', 'slot', 'model')
  readonly #tokens = this.#counter('tokens_total', 'Tokens encoded', 'slot', 'model')
  readonly #chunks = this.#counter('chunks_total', 'Chunks encoded', 'slot', 'model')
  readonly #busy = this.#counter('encode_seconds_total', 'Seconds spent in the engine: its rate is the busy share', 'slot')
  readonly #splits = this.#counter('batch_splits_total', 'Batches split for memory', 'slot')
  readonly #loads = this.#counter('loads_total', 'Loads of a model that came to serve', 'slot', 'model')
  readonly #leases = this.#counter('leases_total', 'Leases begun', 'slot', 'kind')
  readonly #failures = this.#counter('failures_total', 'Failures of chunks and leases', 'code')
  readonly #events = this.#counter('events_total', 'What happened, by kind', 'event')
  readonly #loadSeconds = new Histogram({
    name: 'sweepboard_worker_load_seconds',
    help: 'Seconds from the start of a load to serving',
    labelNames: ['slot'],
    buckets: LOAD_BUCKETS,
    registers: [this.#registry],
  })
  readonly #calls = new Histogram({
    name: 'sweepboard_worker_call_duration_seconds',
    help: 'Seconds of calls to the service',
    labelNames: ['call', 'outcome'],
    buckets: CALL_BUCKETS,
    registers: [this.#registry],
  })
  #worker: RunningWorker | null = null

  /** `now`: monotonic milliseconds. */
  constructor(options: { readonly version: string; readonly now?: () => number }) {
    this.#now = options.now ?? (() => performance.now())
    collectDefaultMetrics({ register: this.#registry })
    this.#gauge('build_info', 'Version of the worker', ['version'], (gauge) => gauge.set({ version: options.version }, 1))
    this.#addSlots()
    this.#addReadings()
    const outbox = (read: (of: { entries: number; vectorBytes: number }) => number) => (gauge: Gauge) =>
      gauge.set(this.#worker === null ? 0 : read(this.#worker.outbox()))
    this.#gauge(
      'outbox_entries',
      'Entries the service has not acknowledged',
      [],
      outbox(({ entries }) => entries),
    )
    this.#gauge(
      'outbox_bytes',
      'Bytes of vectors that wait for the service',
      [],
      outbox(({ vectorBytes }) => vectorBytes),
    )
  }

  /** The text format of Prometheus. */
  text(): Promise<string> {
    return this.#registry.metrics()
  }

  /** The worker whose slots and outbox are read from now on. */
  watch(worker: RunningWorker): void {
    this.#worker = worker
  }

  /** Takes every event of the worker's log. */
  heard(event: WorkerEvent): void {
    this.#events.inc({ event: event.event })
    const [slot, model] = [String(event.slot ?? ''), this.#models.value(String(event.model ?? ''))]
    const number = (name: string) => (typeof event[name] === 'number' ? (event[name] as number) : 0)
    if (event.event === 'slot') this.#changed(slot, String(event.state), model)
    else if (event.event === 'lease') this.#leases.inc({ slot, kind: String(event.kind) })
    else if (event.event === 'chunk-failed' || (event.event === 'failed' && event.code !== undefined)) this.#failed(event.code)
    else if (event.event === 'chunk') {
      this.#chunks.inc({ slot, model })
      this.#texts.inc({ slot, model }, number('texts'))
      this.#tokens.inc({ slot, model }, number('tokens'))
      this.#busy.inc({ slot }, number('encodeSeconds'))
      this.#splits.inc({ slot }, number('splits'))
    }
  }

  /** The same link, with the seconds of each call. */
  meter(link: ServiceLink): ServiceLink {
    const timed = async <T>(call: string, ask: () => Promise<T>): Promise<T> => {
      const from = this.#now()
      const tell = (outcome: string) => this.#calls.observe({ call, outcome }, (this.#now() - from) / 1000)
      try {
        const answer = await ask()
        tell('ok')
        return answer
      } catch (error) {
        tell('failed')
        throw error
      }
    }
    return {
      // A call held on purpose among them: its seconds say nothing of the service.
      ...link,
      join: () => timed('join', () => link.join()),
      beat: (beat) => timed('beat', () => link.beat(beat)),
      claim: (claim) => timed('claim', () => link.claim(claim)),
      commit: (...batch) => timed('commit', () => link.commit(...batch)),
      end: (end) => timed('end', () => link.end(end)),
    }
  }

  #changed(slot: string, state: string, model: string): void {
    const since = this.#loading.get(slot)
    this.#loading.delete(slot)
    if (state === 'loading') this.#loading.set(slot, this.#now())
    if (state !== 'serving' || since === undefined) return
    this.#loads.inc({ slot, model })
    this.#loadSeconds.observe({ slot }, (this.#now() - since) / 1000)
  }

  #failed(code: unknown): void {
    this.#failures.inc({ code: typeof code === 'string' && Object.hasOwn(ERRORS, code) ? code : 'other' })
  }

  #slots() {
    return this.#worker?.slots() ?? []
  }

  #addSlots(): void {
    this.#gauge('slots', 'Slots by state', ['state', 'device'], (gauge) => {
      const slots = this.#slots()
      for (const device of new Set(slots.map((slot) => slot.device)))
        for (const state of SLOT_STATES)
          gauge.set({ state, device }, slots.filter((slot) => slot.state === state && slot.device === device).length)
    })
    this.#gauge('slot_tokens_per_second', 'Measured on the lane a slot serves', ['slot'], (gauge) => {
      for (const { id, lane, tokensPerSecond } of this.#slots()) {
        const rate = lane === null ? undefined : tokensPerSecond[lane]
        if (rate !== undefined) gauge.set({ slot: id }, rate)
      }
    })
    this.#gauge('closed_lanes', 'Lanes a slot refuses for now or for good', ['slot'], (gauge) => {
      for (const { id, closed } of this.#slots()) gauge.set({ slot: id }, closed.length)
    })
  }

  #addReadings(): void {
    type Reading = NonNullable<ReturnType<RunningWorker['slots']>[number]['reading']>
    const add = (name: string, help: string, value: (reading: Reading) => number | null) =>
      this.#gauge(`device_${name}`, help, ['slot'], (gauge) => {
        for (const { id, reading } of this.#slots()) {
          const found = reading === null ? null : value(reading)
          if (found !== null) gauge.set({ slot: id }, found)
        }
      })
    add('memory_used_bytes', 'Memory in use on the devices of a slot', (reading) => reading.memoryUsedBytes)
    add('temperature_celsius', 'Warmest device of a slot', (reading) => reading.temperatureC)
    add('utilization_ratio', 'Busy share as the driver says it', (reading) => reading.utilization)
    add('power_watts', 'Power of the devices of a slot', (reading) => reading.powerWatts)
  }

  #gauge(name: string, help: string, labelNames: string[], collect: (gauge: Gauge) => void): void {
    new Gauge({
      name: `sweepboard_worker_${name}`,
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
    return new Counter({ name: `sweepboard_worker_${name}`, help, labelNames, registers: [this.#registry] })
  }
}
