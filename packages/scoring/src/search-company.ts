import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { SweepError } from '@sweepboard/contracts'
import type { Representation } from './representation.ts'
import type { Search } from './search.ts'
import type { FromThread, ToThread } from './search-thread.ts'
import { type PackedRows, roomOf } from './top-rows.ts'
import type { VectorBlock } from './vector-blocks.ts'

/** Configs and scores (configs x queries x documents) from which a second thread is worth its start. */
const [LEAST_CONFIGS, LEAST_SCORES] = [4, 200e6]
/** Bytes of best rows up to which a second thread may hold them once more. */
const MOST_KEPT_BYTES = 512 * 2 ** 20
/** Blocks that the thread has: one at work, one ready when that is done. */
const AT_ONCE = 2
/** Blocks at the end of which the thread keeps none ready, so that both are done at about the same time. */
const LAST = 2

/**
 * A second thread that searches some of the blocks for all configs. Products of one config use all cores, but between them most work of many
 * configs is one thread's. What is found does not depend on which thread takes a block.
 */
export class SearchCompany {
  /** `[config, query]`, shared with the thread. */
  readonly floors: Float32Array
  private readonly worker: Worker
  private readonly documents: number
  private begun = false
  /** Blocks that the thread has not done, in their order. */
  private readonly given: VectorBlock[] = []
  private failure: unknown = null
  private found: readonly PackedRows[] | null = null
  private heard: () => void = () => undefined

  /** Whether a search is large enough, and its best rows small enough to be held twice. */
  static pays({ configs, queries, depth, priority }: Search): boolean {
    const lists = configs.length * queries.rowCount
    const isLarge = configs.length >= LEAST_CONFIGS && lists * priority.length >= LEAST_SCORES
    return isLarge && 8 * lists * roomOf(depth, priority.length) <= MOST_KEPT_BYTES && availableParallelism() > 1
  }

  constructor({ queries, configs, depth, priority }: Search) {
    const count = configs.length * queries.rowCount
    this.floors = new Float32Array(new SharedArrayBuffer(4 * count)).fill(Number.NEGATIVE_INFINITY)
    this.documents = priority.length
    const input = { queries, configs, depth, priority }
    this.worker = new Worker(new URL('./search-thread.ts', import.meta.url), {
      workerData: { sweepboardSearch: { input, floors: this.floors } },
    })
    this.worker.on('message', (message: FromThread) => this.hear(message))
    this.worker.on('error', (error) => this.fail(error))
  }

  /** Tells the int8 ranges, which are known before the first block is taken. */
  begin(representations: readonly Representation[]): void {
    if (this.begun) return
    this.begun = true
    this.tell({ kind: 'ranges', ranges: representations.map(({ range }) => range?.snapshot() ?? null) })
  }

  /** Lets the thread search a block; false where it has enough of them. */
  take(block: VectorBlock): boolean {
    const { firstRow, matrix } = block
    const { values, rowCount, dim } = matrix
    const atOnce = firstRow + LAST * rowCount >= this.documents ? 1 : AT_ONCE
    if (this.given.length >= atOnce || this.failure !== null) return false
    this.given.push(block)
    // a view of memory that is not shared would be sent with all of that memory
    const own = values.buffer instanceof SharedArrayBuffer ? values : values.slice(0, rowCount * dim)
    this.tell({ kind: 'block', block: { firstRow, matrix: { values: own, rowCount, dim } } })
    return true
  }

  /** What the thread kept of its blocks, by config. Calls `done` after each block, and throws what the thread failed of. */
  async finish(done: () => void): Promise<readonly PackedRows[]> {
    this.tell({ kind: 'finish' })
    for (;;) {
      if (this.failure !== null) throw this.failure
      if (this.found !== null) return this.found
      await new Promise<void>((resolve) => {
        this.heard = resolve
      })
      done()
    }
  }

  async close(): Promise<void> {
    await this.worker.terminate()
  }

  private tell(message: ToThread): void {
    this.worker.postMessage(message)
  }

  private hear(message: FromThread): void {
    if (message.kind === 'failed') this.fail(message.code ? new SweepError(message.code, message.details) : message.error)
    else if (message.kind === 'done') this.given.shift()?.giveBack?.()
    else this.found = message.found
    this.heard()
  }

  private fail(error: unknown): void {
    this.failure ??= error
    this.heard()
  }
}
