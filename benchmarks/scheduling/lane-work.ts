import type { Candidate } from '@sweepboard/dispatch'
import type { SimTask } from './scenario.ts'
import { type SimChunk, WorkList } from './work-list.ts'

/** What each lane has to do, by sweep: what waits, what is left, and what is still to come. */
export class LaneWork {
  /** Lane -> sweep -> what waits. */
  readonly #waiting = new Map<string, Map<string, WorkList>>()
  /** Lane -> tasks of other lanes that bring it work when they are done. */
  readonly #awaited = new Map<string, number>()
  /** Lane -> tokens not done. */
  readonly #remaining = new Map<string, number>()
  /** Lane -> tokens in no lease. */
  readonly #todo = new Map<string, number>()
  /** Lane and sweep -> chunks not done. */
  readonly #unfinished = new Map<string, number>()
  #encodings = 0

  attach(sweep: string, task: SimTask): void {
    const { lane } = task
    this.#encodings += 1
    const shared = { left: task.chunks.length, next: task.next }
    const chunks = task.chunks.map((tokens, n) => ({ encoding: this.#encodings, n, tokens, sweep, lane, task: shared }))
    const tokens = task.chunks.reduce((sum, one) => sum + one, 0)
    if (task.next !== null) add(this.#awaited, task.next.lane, 1)
    this.#listOf(lane, sweep).add(chunks)
    add(this.#unfinished, `${lane} ${sweep}`, chunks.length)
    add(this.#todo, lane, tokens)
    add(this.#remaining, lane, tokens)
  }

  /** A second stage whose first is done. */
  attachNext(sweep: string, task: SimTask): void {
    add(this.#awaited, task.lane, -1)
    this.attach(sweep, task)
  }

  /** Lanes that get work yet. */
  awaited(): Set<string> {
    return new Set([...this.#awaited].flatMap(([lane, tasks]) => (tasks > 0 ? [lane] : [])))
  }

  /** Lanes with work, and tokens that wait or are leased. */
  remaining(): [string, number][] {
    return [...this.#remaining].filter(([, tokens]) => tokens > 0)
  }

  todoTokens(lane: string): number {
    return this.#todo.get(lane) ?? 0
  }

  isOpen(lane: string, sweep: string): boolean {
    return (this.#unfinished.get(`${lane} ${sweep}`) ?? 0) > 0
  }

  /** Sweeps of which something waits in a lane. */
  waitingSweeps(lane: string): string[] {
    return [...(this.#waiting.get(lane) ?? [])].flatMap(([sweep, list]) => (list.isEmpty ? [] : [sweep]))
  }

  candidates(lane: string, sweep: string): Generator<Candidate> {
    return this.#listOf(lane, sweep).candidates()
  }

  /** The first so many candidates. */
  take(lane: string, sweep: string, count: number): SimChunk[] {
    const chunks = this.#listOf(lane, sweep).take(count)
    for (const { tokens } of chunks) add(this.#todo, lane, -tokens)
    return chunks
  }

  giveBack(chunk: SimChunk): void {
    this.#listOf(chunk.lane, chunk.sweep).giveBack([chunk])
    add(this.#todo, chunk.lane, chunk.tokens)
  }

  done({ lane, sweep, tokens }: SimChunk): void {
    add(this.#remaining, lane, -tokens)
    add(this.#unfinished, `${lane} ${sweep}`, -1)
  }

  #listOf(lane: string, sweep: string): WorkList {
    const ofLane = this.#waiting.get(lane) ?? new Map<string, WorkList>()
    this.#waiting.set(lane, ofLane)
    const list = ofLane.get(sweep) ?? new WorkList()
    ofLane.set(sweep, list)
    return list
  }
}

function add(sums: Map<string, number>, key: string, amount: number): void {
  sums.set(key, (sums.get(key) ?? 0) + amount)
}
