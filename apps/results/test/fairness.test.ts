import { type EncodeWork, laneName, SCORE_LANE, type ScoreWork, sha256 } from '@sweepboard/contracts'
import { Ledger } from '@sweepboard/ledger'
import { expect, it } from 'vitest'
import { EVIDENCE, endOf, group, load, plan, prepared, resultOf, task } from '../../../packages/ledger/test/fixture.ts'
import { Coordinator } from '../src/coordinator.ts'
import { Chance } from './simulation/chance.ts'

const SEEDS = 50
const CHUNK_TOKENS = 1000
const LOAD_TICKS = 4
const MODEL = load('m')
const DEVICE = { deviceCount: 1, deviceName: null, reading: null, peakBytes: {}, loadSeconds: {} }

interface Job {
  readonly lease: string
  readonly work: EncodeWork | ScoreWork
  /** Chunks left; a score is one. */
  left: readonly (readonly [encoding: number, n: number])[]
  ticksLeft: number
}

/** Hosts of one slot each, and one that scores: quiet, and as quick as `ticksPerChunk` says. One tick is a second. */
interface Fleet {
  readonly slots: number
  readonly ticksPerChunk: number
  /** From submit to prepared. */
  readonly prepareTicks: number
}

interface SimpleHost {
  readonly id: string
  readonly isScore: boolean
  readonly jobs: Job[]
}

/** Shipped ledger, dispatcher and coordinator, and hosts without faults. */
class QuietFleet {
  readonly ledger = Ledger.open({ folder: null, holder: 'fairness', wallClock: () => '' })
  readonly #fleet: Fleet
  readonly #tickets = new Map<string, string[]>()
  readonly #hosts: readonly SimpleHost[]
  readonly #coordinator: Coordinator
  #tick = 0

  constructor(fleet: Fleet) {
    this.#fleet = fleet
    this.#hosts = Array.from({ length: fleet.slots + 1 }, (_, i) => ({ id: `h${i}`, isScore: i === fleet.slots, jobs: [] }))
    this.#coordinator = new Coordinator({
      ledger: this.ledger,
      now: () => this.#tick * 1000,
      queue: {
        add: async (name, ticket) => void this.#waiting(name).push(ticket),
        waiting: async (name) => [...this.#waiting(name)],
        remove: async (name, ticket) =>
          this.#tickets.set(
            name,
            this.#waiting(name).filter((one) => one !== ticket),
          ).size > 0,
        consume: () => {
          throw new Error('the hosts here take by themselves')
        },
        close: async () => undefined,
      },
      artifacts: { exists: () => true, verify: () => true },
      prepare: () => Promise.reject(new Error('everything comes prepared')),
      beatMs: 5000,
      graceBeats: 5,
    })
  }

  #waiting(name: string): string[] {
    const known = this.#tickets.get(name) ?? []
    this.#tickets.set(name, known)
    return known
  }

  /** One group a count: a query set of one chunk, and so many chunks of documents. */
  submit(sweep: string, chunkCounts: readonly number[]): void {
    const tasks = chunkCounts.map((_, i) => task(`${sweep}-${i}`))
    const groups = tasks.map((ref, rank) => group(MODEL, ref, { rank }))
    const done = tasks.map((ref, i) => prepared(ref, ['q', 1], [`d${ref.task}`, chunkCounts[i] ?? 1]))
    this.#coordinator.submit({ sweep, name: sweep, spec: '', plan: plan(sweep, groups), createdAt: '' }, done)
  }

  async tick(isLoaded: boolean): Promise<void> {
    if (isLoaded) for (const host of this.#hosts) this.#beat(host)
    await this.#coordinator.tick()
    for (const host of this.#hosts) {
      this.#compute(host)
      this.#take(host)
    }
    this.#tick += 1
  }

  #beat(host: SimpleHost): void {
    const lane = host.isScore ? SCORE_LANE : MODEL.key
    const tokensPerSecond = { [MODEL.key]: CHUNK_TOKENS / this.#fleet.ticksPerChunk }
    const slot = { id: host.isScore ? 'score' : 'cpu', device: 'cpu' as const, memoryBytes: 1e9, state: 'serving' as const }
    this.#coordinator.beat({
      host: host.id,
      hostname: host.id,
      boot: 1,
      seq: this.#tick,
      version: '1',
      slots: [{ ...slot, ...DEVICE, lane, tokensPerSecond, closed: [] }],
      holding: host.jobs.map(({ lease }) => lease),
      weights: null,
      allowEnv: [],
    })
  }

  #take(host: SimpleHost): void {
    const lease = host.jobs.length < 2 ? this.#waiting(host.isScore ? SCORE_LANE : laneName(MODEL.key)).shift() : undefined
    if (lease === undefined) return
    const answer = this.#coordinator.claim({ lease, run: lease, host: host.id, boot: 1, seq: this.#tick, slot: 'cpu' })
    if (answer.state !== 'granted' || (answer.work.kind !== 'encode' && answer.work.kind !== 'score')) return
    const { work } = answer
    const left =
      work.kind === 'score'
        ? [[0, 0] as const]
        : work.parts.flatMap(({ encoding, chunks }) => chunks.map(({ n }) => [encoding, n] as const))
    host.jobs.push({ lease, work, left, ticksLeft: work.kind === 'score' ? 1 : this.#fleet.ticksPerChunk })
  }

  #compute(host: SimpleHost): void {
    const [job] = host.jobs
    if (job === undefined) return
    job.ticksLeft -= 1
    if (job.ticksLeft > 0) return
    const { lease, work } = job
    const [[encoding, n] = [0, 0], ...left] = job.left
    job.left = left
    job.ticksLeft = this.#fleet.ticksPerChunk
    if (left.length === 0) host.jobs.shift()
    if (work.kind === 'encode') {
      const digest = sha256(`${encoding}/${n}`)
      this.#coordinator.commit(host.id, this.ledger.id, [{ lease, encoding, n, digest, evidence: EVIDENCE }])
    } else {
      const results = work.configs.map(({ key }) => resultOf(key, 0.5))
      this.#coordinator.end({ ...endOf(this.ledger, lease, { results }), host: host.id })
    }
  }
}

/** Ticks of the small sweep from submit to done, preparation and, where nobody had loaded the model before, loading included. */
async function ticksOfSmall(
  fleet: Fleet,
  sweeps: { small: number | readonly number[]; big: readonly number[]; at: number },
): Promise<number> {
  const quiet = new QuietFleet(fleet)
  if (sweeps.big.length > 0) quiet.submit('s-big', sweeps.big)
  const loadedAt = (sweeps.big.length > 0 ? 0 : sweeps.at) + LOAD_TICKS
  for (let ticks = 0; ticks < 3000; ticks += 1) {
    if (ticks === sweeps.at) quiet.submit('s-small', typeof sweeps.small === 'number' ? [sweeps.small] : sweeps.small)
    await quiet.tick(ticks >= loadedAt)
    if (ticks >= sweeps.at && quiet.ledger.sweepStatus('s-small').state === 'done')
      return ticks - sweeps.at + 1 + fleet.prepareTicks
  }
  throw new Error('the small sweep never ended')
}

it(`a small sweep behind a big one takes at most twice its own time, ${SEEDS} seeds`, async () => {
  const ratios: number[] = []
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const chance = new Chance(seed)
    const fleet = { slots: 1 + chance.int(6), ticksPerChunk: 1 + chance.int(3), prepareTicks: 2 + chance.int(8) }
    const small = 3 + chance.int(4)
    const big = [100 + chance.int(100)]
    const at = 20 + chance.int(40)
    const alone = await ticksOfSmall(fleet, { small, big: [], at })
    ratios.push((await ticksOfSmall(fleet, { small, big, at })) / alone)
  }
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / SEEDS
  process.stderr.write(`small behind big: mean ${mean.toFixed(2)}, worst ${Math.max(...ratios).toFixed(2)} times its solo time\n`)
  expect(ratios.map((ratio, seed) => ({ seed, ratio })).filter(({ ratio }) => ratio > 2)).toEqual([])
}, 120_000)

it(`five cells behind thousands of chunks, model loaded, end within twice their solo time and one job, ${SEEDS} seeds`, async () => {
  const ratios: { seed: number; alone: number; behind: number }[] = []
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const chance = new Chance(1000 + seed)
    const slots = 1 + chance.int(6)
    // Jobs of one or two ticks: a chunk is one. Documents for 20 ticks and more on all slots together, nothing for preparing and loading.
    const fleet = { slots, ticksPerChunk: 1 + chance.int(2), prepareTicks: 0 }
    const chunks = Math.ceil(((20 + chance.int(15)) * slots) / fleet.ticksPerChunk / 5)
    const small = Array.from({ length: 5 }, () => chunks)
    const at = 30 + chance.int(40)
    const alone = await ticksOfSmall(fleet, { small, big: [2], at })
    const behind = await ticksOfSmall(fleet, { small, big: [1000, 1000, 1000], at })
    ratios.push({ seed, alone, behind })
  }
  const worst = Math.max(...ratios.map(({ alone, behind }) => behind / alone))
  process.stderr.write(`five cells behind thousands of chunks: worst ${worst.toFixed(2)} times the solo time\n`)
  expect(ratios.filter(({ alone }) => alone < 20)).toEqual([])
  expect(ratios.filter(({ alone, behind }) => behind > 2 * alone + 2)).toEqual([])
}, 120_000)
