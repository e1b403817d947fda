import { readFile } from 'node:fs/promises'
import { writeDurably } from './durable-file.ts'

interface Learned {
  /** Tokens per second, a moving mean. */
  tokensPerSecond?: number
  /** Padded tokens of a batch that fitted after memory had run out. */
  tokenBudget?: number
}

/** Share of the newest chunk in the moving mean of a speed. */
const NEWEST = 0.3

/** What this host's slots learned about loads, kept over restarts; speeds are saved at most once in five seconds. */
export class SlotMemory {
  readonly #file: string
  readonly #now: () => number
  readonly #learned: Record<string, Record<string, Learned>>
  #savedAt = Number.NEGATIVE_INFINITY

  private constructor(file: string, now: () => number, learned: Record<string, Record<string, Learned>>) {
    this.#file = file
    this.#now = now
    this.#learned = learned
  }

  static async open(file: string, now: () => number): Promise<SlotMemory> {
    // Estimates only: a file that cannot be read costs a few measurements.
    const learned = await readFile(file, 'utf8').then(JSON.parse, () => ({}))
    return new SlotMemory(file, now, learned)
  }

  budget(slot: string, lane: string): number | null {
    return this.#learned[slot]?.[lane]?.tokenBudget ?? null
  }

  async setBudget(slot: string, lane: string, tokenBudget: number): Promise<void> {
    this.#of(slot, lane).tokenBudget = tokenBudget
    await this.#save()
  }

  /** Tokens per second by load key. */
  speeds(slot: string): Record<string, number> {
    const known = Object.entries(this.#learned[slot] ?? {}).flatMap(([lane, { tokensPerSecond }]) =>
      tokensPerSecond === undefined ? [] : [[lane, tokensPerSecond] as const],
    )
    return Object.fromEntries(known)
  }

  async measured(slot: string, lane: string, tokensPerSecond: number): Promise<void> {
    if (!Number.isFinite(tokensPerSecond) || tokensPerSecond <= 0) return
    const learned = this.#of(slot, lane)
    const before = learned.tokensPerSecond ?? tokensPerSecond
    learned.tokensPerSecond = before + NEWEST * (tokensPerSecond - before)
    if (this.#now() - this.#savedAt >= 5000) await this.#save()
  }

  #of(slot: string, lane: string): Learned {
    const lanes = this.#learned[slot] ?? {}
    this.#learned[slot] = lanes
    const learned = lanes[lane] ?? {}
    lanes[lane] = learned
    return learned
  }

  async #save(): Promise<void> {
    this.#savedAt = this.#now()
    await writeDurably(this.#file, JSON.stringify(this.#learned))
  }
}
