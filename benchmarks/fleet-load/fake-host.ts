import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ArtifactStore,
  type Beat,
  type BeatAnswer,
  type ChunkEvidence,
  type EncodeWork,
  laneName,
  type ServiceLink,
  type TicketConsumer,
  type TicketQueue,
  writeVectors,
} from '@sweepboard/contracts'
import { Heart } from '../../apps/worker/src/beat.ts'
import { heedCalls } from '../../apps/worker/src/calls.ts'
import type { Meter } from './meter.ts'

const DIM = 4
/** Tickets a slot takes: one computes, one waits for its turn. */
const TICKETS = 2

export interface FakeHostParts {
  readonly name: string
  readonly slots: number
  readonly ledger: string
  readonly link: ServiceLink
  readonly store: ArtifactStore
  readonly queue: TicketQueue
  readonly meter: Meter
  readonly beatMs: number
  /** What a chunk takes; nothing is computed. */
  readonly chunkMs: number
  readonly tokensPerSecond: number
}

interface FakeSlot {
  readonly id: string
  lane: string | null
  consumer: TicketConsumer | null
  /** Resolves when the run before has ended: one computes at a time. */
  turn: Promise<void>
}

/** A host that speaks the whole protocol of a worker with encode slots, and sleeps where a worker computes. */
export class FakeHost {
  readonly #parts: FakeHostParts
  readonly #slots: readonly FakeSlot[]
  readonly #holding = new Set<string>()
  readonly #ended = new AbortController()
  readonly #heart: Heart
  commits = 0

  constructor(parts: FakeHostParts) {
    this.#parts = parts
    this.#slots = Array.from({ length: parts.slots }, (_, i) => ({
      id: `cpu:${i}`,
      lane: null,
      consumer: null,
      turn: Promise.resolve(),
    }))
    const { link, meter, beatMs } = parts
    this.#heart = new Heart({
      everyMs: beatMs,
      compose: (seq) => this.#compose(seq),
      send: (beat) => meter.time('beat', () => link.beat(beat)),
      onAnswer: (answer) => this.#onAnswer(answer),
      onAway: () => undefined,
      onBack: () => undefined,
    })
  }

  /** Beats as a worker does, from a random moment of the first period on. */
  async run(): Promise<void> {
    const { signal } = this.#ended
    const { link, name, beatMs } = this.#parts
    await sleep(Math.random() * beatMs, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return
    this.#heart.start()
    await heedCalls({ link, host: name, beatMs, now: () => performance.now(), beatSoon: () => this.#heart.beatSoon() }, signal)
  }

  async close(): Promise<void> {
    this.#ended.abort()
    await this.#heart.stop(false)
    await Promise.all(this.#slots.map((slot) => slot.consumer?.close()))
  }

  #onAnswer(answer: BeatAnswer): void {
    for (const slot of this.#slots) {
      const load = answer.lanes[slot.id]
      if (load !== undefined && (load?.key ?? null) !== slot.lane) this.#serve(slot, load?.key ?? null)
    }
  }

  #compose(seq: number): Beat {
    const { name, tokensPerSecond } = this.#parts
    const slots = this.#slots.map(({ id, lane }) => ({
      id,
      device: 'cpu' as const,
      memoryBytes: 24e9,
      deviceCount: 1,
      deviceName: null,
      reading: null,
      state: lane === null ? ('idle' as const) : ('serving' as const),
      lane,
      tokensPerSecond: lane === null ? {} : { [lane]: tokensPerSecond },
      peakBytes: {},
      loadSeconds: lane === null ? {} : { [lane]: 1 },
      closed: [],
    }))
    const known = { host: name, hostname: name, boot: 1, version: 'fleet-load', weights: null, allowEnv: [] }
    return { ...known, seq, slots, holding: [...this.#holding] }
  }

  #serve(slot: FakeSlot, lane: string | null): void {
    void slot.consumer?.drain()
    slot.lane = lane
    slot.consumer =
      lane === null
        ? null
        : this.#parts.queue.consume(laneName(lane), { concurrency: TICKETS }, (ticket) =>
            this.#runTicket(slot, ticket).catch(() => undefined),
          )
  }

  async #runTicket(slot: FakeSlot, lease: string): Promise<void> {
    const { link, meter, name } = this.#parts
    this.#holding.add(lease)
    try {
      const claim = { lease, run: randomBytes(8).toString('hex'), host: name, boot: 1, seq: this.#heart.lastSeq, slot: slot.id }
      const answer = await meter.time('claim', () => link.claim(claim))
      if (answer.state !== 'granted' || answer.work.kind !== 'encode') return
      const { work } = answer
      const run = slot.turn.then(() => this.#compute(slot, work))
      slot.turn = run.catch(() => undefined)
      await run
    } finally {
      this.#holding.delete(lease)
    }
  }

  async #compute(slot: FakeSlot, { lease, parts }: EncodeWork): Promise<void> {
    const { link, store, meter, name, ledger, chunkMs } = this.#parts
    for (const { encoding, chunks } of parts) {
      for (const { n, start, end } of chunks) {
        await sleep(chunkMs * (0.9 + 0.2 * Math.random()), undefined, { signal: this.#ended.signal })
        const bytes = writeVectors({ rowCount: end - start, dim: DIM, values: randomValues((end - start) * DIM) })
        const digest = createHash('sha256').update(bytes).digest('hex')
        await meter.time('put', () => store.put(bytes))
        const commit = { lease, encoding, n, digest, evidence: evidenceOf(name, slot.id, { count: end - start, chunkMs }) }
        await meter.time('commit', () => link.commit(name, ledger, [commit]))
        this.commits += 1
      }
    }
  }
}

function randomValues(count: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(randomBytes(count), (byte) => byte / 256)
}

function evidenceOf(host: string, slot: string, { count, chunkMs }: { count: number; chunkMs: number }): ChunkEvidence {
  const zero = { truncatedCount: 0, controlTokenCount: 0, emptyTextCount: 0, splitCount: 0, loadSeconds: 0, peakMemoryBytes: 0 }
  const names = {
    host,
    slot,
    engine: 'openai',
    engineVersion: '0',
    provider: 'cpu',
    dtype: 'float32',
    device: 'fake',
    code: 'fleet-load',
  }
  return {
    ...zero,
    ...names,
    textCount: count,
    tokenCount: count,
    paddedTokenCount: count,
    batchCount: 1,
    encodeSeconds: chunkMs / 1000,
    dim: DIM,
  }
}
