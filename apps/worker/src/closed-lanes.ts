import type { SlotReport } from '@sweepboard/contracts'

const FIRST_MS = 60_000
const MOST_MS = 240_000

/** Lanes one slot does not serve: for good, or for 1, 2, then 4 minutes. Forgotten at restart: somebody may have seen to it. */
export class ClosedLanes {
  readonly #now: () => number
  readonly #closed = new Map<string, { reason: string; until: number | null; times: number }>()

  constructor(now: () => number) {
    this.#now = now
  }

  close(lane: string, reason: string, forGood: boolean): void {
    const times = (this.#closed.get(lane)?.times ?? 0) + 1
    const until = forGood ? null : this.#now() + Math.min(MOST_MS, FIRST_MS * 2 ** (times - 1))
    this.#closed.set(lane, { reason, until, times })
  }

  /** A chunk went well: the next closing is a short one again. */
  reopen(lane: string): void {
    this.#closed.delete(lane)
  }

  isClosed(lane: string): boolean {
    const closed = this.#closed.get(lane)
    return closed !== undefined && (closed.until === null || closed.until > this.#now())
  }

  report(): SlotReport['closed'] {
    return [...this.#closed]
      .filter(([lane]) => this.isClosed(lane))
      .map(([lane, { reason, until }]) => ({ lane, reason, forMs: until === null ? null : Math.ceil(until - this.#now()) }))
  }
}
