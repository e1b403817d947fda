import { newSweepCredit } from '@sweepboard/dispatch'
import type { SimSweep, SimTask } from './scenario.ts'

/** A sweep that has come. */
export interface RunningSweep {
  readonly id: string
  vtime: number
  readonly weight: number
  /** Seconds of its arrival, of its first chunk and of its end; -1 where that is to come. */
  readonly at: number
  first: number
  end: number
  readonly isSmall: boolean
  /** Chunks not done, those of later stages too. */
  left: number
}

/** The sweeps that have come, in order. */
export class SimSweeps {
  readonly #sweeps = new Map<string, RunningSweep>()

  all(): RunningSweep[] {
    return [...this.#sweeps.values()]
  }

  get(id: string): RunningSweep | undefined {
    return this.#sweeps.get(id)
  }

  /** Whether so many have come and are done. */
  isOver(count: number): boolean {
    return this.#sweeps.size === count && this.all().every(({ left }) => left === 0)
  }

  /** One comes while so many slots serve. */
  arrive({ id, weight, at, isSmall, tasks }: SimSweep, serving: number): void {
    const unfinished = this.all().filter(({ left }) => left > 0)
    const least = unfinished.length === 0 ? 0 : Math.min(...unfinished.map(({ vtime }) => vtime))
    const left = tasks.reduce((sum, task) => sum + chunksOf(task), 0)
    this.#sweeps.set(id, { id, weight, at, isSmall, left, vtime: least - newSweepCredit(serving), first: -1, end: -1 })
  }

  /** A chunk of one is done. */
  count(id: string, now: number): void {
    const sweep = this.#sweeps.get(id)
    if (sweep === undefined) return
    sweep.left -= 1
    if (sweep.first < 0) sweep.first = now
    if (sweep.left === 0) sweep.end = now
  }
}

function chunksOf(task: SimTask): number {
  return task.chunks.length + (task.next === null ? 0 : chunksOf(task.next))
}
