import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { SweepError } from '@sweepboard/contracts'
import { bytesForList } from './kernel-memory.ts'
import type { Measured, MeasuringParts } from './measuring.ts'
import type { Representation } from './representation.ts'
import type { Search } from './search.ts'
import type { Lane } from './search-lane.ts'
import type { FromThread, ToThread } from './search-thread.ts'
import { SHARES } from './selection-code.ts'
import { packed, roomOf, type SharedFloors } from './top-lists.ts'
import type { VectorBlock } from './vector-blocks.ts'

/** Configs and scores (configs x queries x documents) from which a second thread is worth its start. */
const [LEAST_CONFIGS, LEAST_SCORES] = [4, 200e6]
/** Bytes of lists, of which two thirds are in use, up to which a second thread may hold them once more. */
const MOST_DOUBLED_BYTES = 832 * 2 ** 20
/** Blocks that the thread has: one at work, the others ready when that is done. */
const AT_ONCE = 3
/** Of the blocks that come before the int8 ranges are known, those that the thread may have: it makes all products but those of codes of them. */
const EARLY = 8
/** Blocks at the end of which the thread keeps none ready, so that both threads are done at about the same time. */
const LAST = 4
/** Of the configs, the part that the first thread measures: it stores the artifacts of all beside that. */
const OWN_PART = 0.48

/** A thread that waits for its next search: starting one costs more than many a search. It does not keep the process alive. */
let waiting: Worker | null = null

/**
 * A second thread that searches some of the blocks for all configs, and then measures some of the configs. Products of one config use all
 * cores, but between them most work of many configs is one thread's. What is found does not depend on which thread takes a block.
 */
export class SearchCompany {
  /** `[config, share, query]` each, shared with the thread. */
  readonly floors: SharedFloors
  private readonly worker: Worker
  private readonly documents: number
  private begun = false
  /** Blocks that the thread has not done, in their order. */
  private readonly given: VectorBlock[] = []
  private failure: unknown = null
  private found: Extract<FromThread, { kind: 'found' }>['found'] | null = null
  /** Configs that the thread measures and has not told of yet. */
  private unmeasured = Number.POSITIVE_INFINITY
  private readonly measuredOf = new Map<number, Measured>()
  private heard: () => void = () => undefined

  /** Whether a search is large enough, and its best rows small enough to be held twice. */
  static pays({ configs, queries, depth, priority }: Search): boolean {
    const lists = configs.length * queries.rowCount
    const isLarge = configs.length >= LEAST_CONFIGS && lists * priority.length >= LEAST_SCORES
    return isLarge && lists * bytesForList(roomOf(depth, priority.length)) <= MOST_DOUBLED_BYTES && availableParallelism() > 1
  }

  constructor({ queries, configs, depth, priority }: Search) {
    const count = SHARES * configs.length * queries.rowCount
    const floors = () => new Float32Array(new SharedArrayBuffer(4 * count)).fill(Number.NEGATIVE_INFINITY)
    this.floors = { own: floors(), other: floors() }
    const theirs = { own: this.floors.other, other: this.floors.own }
    this.documents = priority.length
    this.worker =
      waiting ?? new Worker(new URL('./search-thread.ts', import.meta.url), { workerData: { sweepboardSearch: true } })
    waiting = null
    this.worker.removeAllListeners()
    this.worker.on('message', (message: FromThread) => this.hear(message))
    this.worker.on('error', (error) => this.fail(error))
    this.worker.ref()
    this.tell({ kind: 'begin', input: { queries, configs, depth, priority }, floors: theirs })
  }

  /** Tells the int8 ranges, which the thread waits for before it makes the products of codes. */
  begin(representations: readonly Representation[]): void {
    if (this.begun) return
    this.begun = true
    this.tell({ kind: 'ranges', ranges: representations.map(({ range }) => range?.snapshot() ?? null) })
  }

  /** Lets the thread search a block; false where it has enough of them. */
  take(block: VectorBlock): boolean {
    const isLast = block.firstRow + LAST * block.matrix.rowCount >= this.documents
    const atOnce = isLast ? 1 : this.begun ? AT_ONCE : EARLY
    if (this.given.length >= atOnce || this.failure !== null) return false
    this.give(block)
    return true
  }

  /**
   * Takes what the thread kept of its blocks. With `measuring` the last configs are left to the thread: how many are not. Calls `done`
   * after each block, and throws what the thread failed of.
   */
  async finish(lanes: readonly Lane[], measuring: MeasuringParts | null, done: () => void): Promise<number> {
    const own = measuring ? Math.floor(OWN_PART * lanes.length) : lanes.length
    const theirs = packed(lanes.slice(own).map(({ top }) => top))
    this.unmeasured = theirs.length
    this.tell({ kind: 'finish', own, measuring, theirs })
    const found = await this.until(() => this.found, done)
    found.forEach((rows, i) => {
      lanes[i]?.top.adopt(rows)
    })
    return own
  }

  /** What the thread measured of a config that was left to it. To be asked once. */
  async measured(config: number): Promise<Measured> {
    const measured = await this.until(
      () => this.measuredOf.get(config) ?? null,
      () => undefined,
    )
    this.measuredOf.delete(config)
    return measured
  }

  /** The thread waits for the next search if it did all of this one, else it ends. */
  async close(): Promise<void> {
    const { worker } = this
    if (this.failure !== null || this.found === null || this.unmeasured > 0 || waiting !== null) {
      await worker.terminate()
      return
    }
    worker.removeAllListeners()
    const forget = () => {
      if (waiting === worker) waiting = null
    }
    worker.on('error', forget)
    worker.on('exit', forget)
    worker.unref()
    waiting = worker
  }

  private give(block: VectorBlock): void {
    const { firstRow, matrix } = block
    const { values, rowCount, dim } = matrix
    this.given.push(block)
    // a view of memory that is not shared would be sent with all of that memory
    const own = values.buffer instanceof SharedArrayBuffer ? values : values.slice(0, rowCount * dim)
    this.tell({ kind: 'block', block: { firstRow, matrix: { values: own, rowCount, dim } } })
  }

  /** Waits for messages until there is what is asked for. */
  private async until<T>(wanted: () => T | null, done: () => void): Promise<T> {
    for (;;) {
      const found = wanted()
      if (found !== null) return found
      if (this.failure !== null) throw this.failure
      await new Promise<void>((resolve) => {
        const others = this.heard
        this.heard = () => {
          others()
          resolve()
        }
      })
      done()
    }
  }

  private tell(message: ToThread): void {
    this.worker.postMessage(message)
  }

  private hear(message: FromThread): void {
    if (message.kind === 'failed') this.fail(message.code ? new SweepError(message.code, message.details) : message.error)
    else if (message.kind === 'done') this.given.shift()?.giveBack?.()
    else if (message.kind === 'found') this.found = message.found
    else {
      this.unmeasured -= 1
      this.measuredOf.set(message.config, message.measured)
    }
    this.wake()
  }

  private fail(error: unknown): void {
    this.failure ??= error
    this.wake()
  }

  private wake(): void {
    const { heard } = this
    this.heard = () => undefined
    heard()
  }
}
