import type { Candidate } from '@sweepboard/dispatch'
import type { SimTask } from './scenario.ts'

/** One chunk of a task; `left` is shared by the chunks of the task. */
export interface SimChunk {
  readonly encoding: number
  readonly n: number
  readonly tokens: number
  readonly sweep: string
  readonly lane: string
  readonly task: { left: number; readonly next: SimTask | null }
}

/** Waiting chunks of one sweep in one lane, in plan order: what is given back comes first again. */
export class WorkList {
  #waiting: SimChunk[] = []
  #next = 0
  #back: SimChunk[] = []

  get isEmpty(): boolean {
    return this.#back.length === 0 && this.#next >= this.#waiting.length
  }

  add(chunks: readonly SimChunk[]): void {
    this.#waiting.push(...chunks)
  }

  giveBack(chunks: readonly SimChunk[]): void {
    this.#back.push(...chunks)
  }

  *candidates(): Generator<Candidate> {
    for (let i = this.#back.length - 1; i >= 0; i -= 1) yield { ...(this.#back[i] as SimChunk), crashes: 0 }
    for (let i = this.#next; i < this.#waiting.length; i += 1) yield { ...(this.#waiting[i] as SimChunk), crashes: 0 }
  }

  /** The first so many candidates. */
  take(count: number): SimChunk[] {
    const back = Array.from({ length: Math.min(count, this.#back.length) }, () => this.#back.pop() as SimChunk)
    const rest = this.#waiting.slice(this.#next, this.#next + count - back.length)
    this.#next += rest.length
    return [...back, ...rest]
  }
}
