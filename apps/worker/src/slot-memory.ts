import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { writeDurably } from './durable-file.ts'

const positive = z.number().positive().optional()
const Learned = z.object({
  /** Tokens per second, a moving mean. */
  tokensPerSecond: positive,
  /** Padded tokens of a batch that fitted after memory had run out. */
  tokenBudget: positive,
  /** Most memory the load was seen to take, all devices of the slot together. */
  peakBytes: positive,
  /** Seconds from start to ready, a moving mean. */
  loadSeconds: positive,
})
type Learned = z.infer<typeof Learned>

/** Share of the newest value in a moving mean. */
const NEWEST = 0.3
/** Loads remembered for a slot; a beat carries them all. */
const MOST_LANES = 200
const SAVE_MS = 5000

/**
 * What this host's slots learned about loads, kept over restarts; speeds and memory are saved at most once in five seconds. Kept by what a slot
 * computes on, so that a card put in another's place inherits nothing and one that got another number loses nothing.
 */
export class SlotMemory {
  readonly #file: string
  readonly #now: () => number
  readonly #identities: ReadonlyMap<string, string>
  /** What a slot computes on -> load key -> what was learned; loads in the order they were last used. */
  readonly #learned: Map<string, Map<string, Learned>>
  #savedAt = Number.NEGATIVE_INFINITY

  private constructor(
    file: string,
    now: () => number,
    known: { learned: Map<string, Map<string, Learned>>; identities: ReadonlyMap<string, string> },
  ) {
    this.#file = file
    this.#now = now
    this.#learned = known.learned
    this.#identities = known.identities
  }

  /** `identities`: slot id -> what it computes on (UUIDs of GPUs); a slot not named is known by its id. */
  static async open(file: string, now: () => number, identities: ReadonlyMap<string, string> = new Map()): Promise<SlotMemory> {
    // Measurements only: whatever of the file cannot be read is measured again.
    const found: unknown = await readFile(file, 'utf8')
      .then(JSON.parse)
      .catch(() => null)
    const learned = new Map(
      entriesOf(found).map(([device, lanes]) => [
        device,
        new Map(
          entriesOf(lanes).flatMap(([lane, value]) => {
            const read = Learned.safeParse(value)
            return read.success ? [[lane, read.data]] : []
          }),
        ),
      ]),
    )
    return new SlotMemory(file, now, { learned, identities })
  }

  budget(slot: string, lane: string): number | null {
    return this.#lanes(slot).get(lane)?.tokenBudget ?? null
  }

  async setBudget(slot: string, lane: string, tokenBudget: number): Promise<void> {
    this.#of(slot, lane).tokenBudget = tokenBudget
    await this.#save()
  }

  /** Tokens per second by load key. */
  speeds(slot: string): Record<string, number> {
    return this.#all(slot, 'tokensPerSecond')
  }

  /** Most memory in bytes by load key. */
  peaks(slot: string): Record<string, number> {
    return this.#all(slot, 'peakBytes')
  }

  /** Seconds to load by load key. */
  loadTimes(slot: string): Record<string, number> {
    return this.#all(slot, 'loadSeconds')
  }

  async measured(slot: string, lane: string, tokensPerSecond: number): Promise<void> {
    await this.#mean(this.#of(slot, lane), 'tokensPerSecond', tokensPerSecond)
  }

  async loaded(slot: string, lane: string, seconds: number): Promise<void> {
    await this.#mean(this.#of(slot, lane), 'loadSeconds', seconds)
  }

  /** Only the highest is kept. */
  async held(slot: string, lane: string, bytes: number): Promise<void> {
    const learned = this.#of(slot, lane)
    if (!Number.isFinite(bytes) || bytes <= (learned.peakBytes ?? 0)) return
    learned.peakBytes = bytes
    await this.#saveNowAndThen()
  }

  async #mean(learned: Learned, member: 'tokensPerSecond' | 'loadSeconds', value: number): Promise<void> {
    if (!Number.isFinite(value) || value <= 0) return
    const before = learned[member] ?? value
    learned[member] = before + NEWEST * (value - before)
    await this.#saveNowAndThen()
  }

  #all(slot: string, member: keyof Learned): Record<string, number> {
    const known = [...this.#lanes(slot)].flatMap(([lane, { [member]: value }]) =>
      value === undefined ? [] : [[lane, value] as const],
    )
    return Object.fromEntries(known)
  }

  #lanes(slot: string): Map<string, Learned> {
    const device = this.#identities.get(slot) ?? slot
    const lanes = this.#learned.get(device) ?? new Map<string, Learned>()
    this.#learned.set(device, lanes)
    return lanes
  }

  #of(slot: string, lane: string): Learned {
    const lanes = this.#lanes(slot)
    const learned = lanes.get(lane) ?? {}
    lanes.delete(lane)
    lanes.set(lane, learned)
    for (const oldest of lanes.keys()) if (lanes.size > MOST_LANES) lanes.delete(oldest)
    return learned
  }

  async #saveNowAndThen(): Promise<void> {
    if (this.#now() - this.#savedAt >= SAVE_MS) await this.#save()
  }

  async #save(): Promise<void> {
    this.#savedAt = this.#now()
    const whole = [...this.#learned].map(([device, lanes]) => [device, Object.fromEntries(lanes)])
    await writeDurably(this.#file, JSON.stringify(Object.fromEntries(whole)))
  }
}

function entriesOf(value: unknown): [string, unknown][] {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : []
}
