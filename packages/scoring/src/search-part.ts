import { availableParallelism } from 'node:os'
import { BlockPass } from './block-pass.ts'
import type { KernelRows, Operand } from './kernel-rows.ts'
import { CodeLane, FloatLane, type LanesOfBlock, type SharedPass, SignLanes } from './lane-products.ts'
import { Product } from './product.ts'
import type { Search } from './search.ts'
import { Lane } from './search-lane.ts'
import { roomOf } from './top-rows.ts'
import type { VectorBlock } from './vector-blocks.ts'

/** Queries multiplied at once: their scores against one block stay within the processor's cache. */
const QUERIES_AT_ONCE = 256
/** Rows of a block per core above which a product has the same bits whether one thread makes it or all: each has whole strips. */
const ROWS_PER_CORE = 128

/** What is searched for, without the documents. */
export type Searched = Omit<Search, 'documents'>

/** What one thread does of a search: its own copy of the blocks it gets, its own products, its own best rows. */
export class SearchPart {
  readonly pass: BlockPass
  readonly lanes: readonly Lane[]
  private readonly shared: SharedPass
  /** Of one thread, where another part searches beside this one. */
  private readonly single: Product | null
  private readonly whole: Product
  private parts: readonly LanesOfBlock[] | null = null

  private constructor(input: Searched, { floors, single, whole }: Beside & { single: Product | null; whole: Product }) {
    const { queries, depth, priority } = input
    const queriesAtOnce = Math.min(QUERIES_AT_ONCE, queries.rowCount)
    this.single = single
    this.whole = whole
    this.pass = new BlockPass(input, queriesAtOnce, roomOf(depth, priority.length))
    this.lanes = this.pass.representations.map((representation, i) => {
      const own = floors?.subarray(i * queries.rowCount, (i + 1) * queries.rowCount)
      return new Lane(representation, input, own)
    })
    this.shared = { pass: this.pass, product: whole, queriesAtOnce, queryCount: queries.rowCount }
  }

  /** `floors`, `[config, query]`: shared with the other parts of one search, -Infinity at first; left out where there is none. */
  static async open(input: Searched, { floors }: Beside = {}): Promise<SearchPart> {
    const whole = await Product.open()
    try {
      return new SearchPart(input, {
        ...(floors && { floors }),
        whole,
        single: floors ? await Product.open({ threads: 1 }) : null,
      })
    } catch (error) {
      await whole.close()
      throw error
    }
  }

  /**
   * Takes a block; calls `done` after every few hundred queries. The int8 ranges are known by then. `shared`: other parts take the same
   * block, and each of its products is made by who claims it first.
   */
  async take(block: VectorBlock, done: () => void, shared: Claims | null = null): Promise<void> {
    this.parts ??= lanesOf(this.lanes, this.shared)
    const isLarge = block.matrix.rowCount >= ROWS_PER_CORE * availableParallelism()
    this.shared.product = this.single && isLarge ? this.single : this.whole
    let rows: KernelRows | null = null
    for (let next = 0; ; next++) {
      const part = this.parts[shared ? Atomics.add(shared.claims, shared.at, 1) : next]
      if (part === undefined) return
      rows ??= this.pass.rowsOf(block)
      const began = performance.now()
      await part.take(rows, block, done)
      const seconds = (performance.now() - began) / 1000 / part.lanes.length
      for (const lane of part.lanes) lane.seconds += seconds
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.whole.close(), this.single?.close()])
  }
}

/** How many products of a block somebody has taken: `claims[at]`, in memory that threads share. */
interface Claims {
  readonly claims: Int32Array
  readonly at: number
}

interface Beside {
  readonly floors?: Float32Array
}

/** All lanes, those of one product together. */
function lanesOf(lanes: readonly Lane[], shared: SharedPass): LanesOfBlock[] {
  const operands = shared.pass.queryOperands()
  const own = lanes.flatMap((lane, i): LanesOfBlock[] => {
    const queries = operands[i] as Operand
    const { precision } = lane.representation.config
    if (precision === 'binary') return []
    return [precision === 'float32' ? new FloatLane(lane, queries, shared) : new CodeLane(lane, queries, shared)]
  })
  const binary = lanes.filter(({ representation }) => representation.config.precision === 'binary')
  // the longest first, so that who shares a block is done at about the same time
  return binary.length > 0 ? [new SignLanes(binary, shared), ...own] : own
}
