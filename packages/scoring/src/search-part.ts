import { availableParallelism } from 'node:os'
import type { Config } from '@sweepboard/contracts'
import { BlockPass } from './block-pass.ts'
import type { RangeSnapshot } from './int8-range.ts'
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
  private readonly beside: Beside
  /** Lanes of one product each, and what makes it, once its queries are wanted. */
  private readonly groups: readonly Group[]
  /** Indices of groups by size, signs first, then the largest. */
  private readonly sizes: readonly (readonly number[])[]
  private readonly parts: (LanesOfBlock | null)[]

  private constructor(input: Searched, beside: Beside, { single, whole }: { single: Product | null; whole: Product }) {
    const { queries, depth, priority } = input
    const queriesAtOnce = Math.min(QUERIES_AT_ONCE, queries.rowCount)
    this.single = single
    this.whole = whole
    this.beside = beside
    this.pass = new BlockPass(input, queriesAtOnce, roomOf(depth, priority.length))
    this.lanes = this.pass.representations.map((representation, i) => {
      const own = beside.floors?.subarray(i * queries.rowCount, (i + 1) * queries.rowCount)
      return new Lane(representation, input, own)
    })
    this.shared = { pass: this.pass, product: whole, queriesAtOnce, queryCount: queries.rowCount }
    this.groups = groupsOf(this.lanes)
    this.parts = this.groups.map(() => null)
    this.sizes = bySize(this.groups)
  }

  static async open(input: Searched, beside: Beside = {}): Promise<SearchPart> {
    const whole = await Product.open()
    try {
      return new SearchPart(input, beside, { whole, single: beside.floors ? await Product.open({ threads: 1 }) : null })
    } catch (error) {
      await whole.close()
      throw error
    }
  }

  /**
   * Takes a block; calls `done` after every few hundred queries. The int8 ranges are known by then, or waited for. `shared`: other parts take
   * the same block, and each of its products is made by who claims it first.
   */
  async take(block: VectorBlock, done: () => void, shared: Claims | null = null): Promise<void> {
    const isLarge = block.matrix.rowCount >= ROWS_PER_CORE * availableParallelism()
    this.shared.product = this.single && isLarge ? this.single : this.whole
    const order = this.orderOf(shared)
    let rows: KernelRows | null = null
    for (let next = order.next(); !next.done; next = order.next()) {
      const at = next.value
      if (!this.parts[at]) {
        await this.make(this.isCoded(at))
        rows = null // its memory held the queries meanwhile
      }
      rows ??= this.pass.rowsOf(block)
      const part = this.parts[at] as LanesOfBlock
      const began = performance.now()
      await part.take(rows, block, done)
      const seconds = (performance.now() - began) / 1000 / part.lanes.length
      for (const lane of part.lanes) lane.seconds += seconds
    }
  }

  async close(): Promise<void> {
    this.pass.kernels.close()
    await Promise.all([this.whole.close(), this.single?.close()])
  }

  /** Groups in the order in which they are taken: those of one size together, as they share its normalised rows, but where ranges are waited for. */
  private *orderOf(shared: Claims | null): Generator<number> {
    const { sizes, groups, parts } = this
    if (this.beside.ranges && !shared && parts.some((part) => part === null)) {
      yield* groups.keys() // all that waits for no ranges first
      return
    }
    for (let next = 0; ; next++) {
      const claimed = shared ? Atomics.add(shared.claims, shared.at, 1) : next
      if (claimed >= sizes.length) return
      yield* sizes[this.beside.isBackwards && !shared ? sizes.length - 1 - claimed : claimed] as readonly number[]
    }
  }

  private isCoded(at: number): boolean {
    return this.groups[at]?.precision === 'int8'
  }

  /** Prepares the queries of all int8 configs or of all others. */
  private async make(isCoded: boolean): Promise<void> {
    const { pass } = this
    if (isCoded && this.beside.ranges) {
      const known = await this.beside.ranges
      pass.representations.forEach(({ range }, i) => {
        const own = known[i]
        if (own) range?.adopt(own)
      })
    }
    const wanted = this.groups.filter(({ precision }) => (precision === 'int8') === isCoded)
    const lanes = wanted.flatMap(({ precision, lanes }) => (precision === 'binary' ? [] : lanes))
    const operands = pass.queryOperands(lanes.map(({ representation }) => representation))
    for (const group of wanted) {
      const [lane] = group.lanes as [Lane]
      const queries = operands[lanes.indexOf(lane)] as Operand
      this.parts[this.groups.indexOf(group)] =
        group.precision === 'binary'
          ? new SignLanes(group.lanes, this.shared)
          : new (group.precision === 'int8' ? CodeLane : FloatLane)(lane, queries, this.shared)
    }
  }
}

interface Group {
  readonly precision: Config['precision']
  readonly lanes: readonly Lane[]
}

/** What another part searches at the same time. */
interface Beside {
  /** `[config, query]`, shared with the other parts of one search, -Infinity at first. */
  readonly floors?: Float32Array
  /** By config, where another part takes them of the documents. */
  readonly ranges?: Promise<readonly (RangeSnapshot | null)[]>
  /** Takes the configs the other way round, so that at the first block each finds floors that the other has raised. */
  readonly isBackwards?: boolean
}

/** How many products of a block somebody has taken: `claims[at]`, in memory that threads share. */
interface Claims {
  readonly claims: Int32Array
  readonly at: number
}

function bySize(groups: readonly Group[]): number[][] {
  const sizeOf = ({ precision, lanes }: Group) =>
    precision === 'binary' ? Number.POSITIVE_INFINITY : (lanes[0]?.representation.dim ?? 0)
  const sizes = [...new Set(groups.map(sizeOf))].sort((a, b) => b - a)
  return sizes.map((size) => groups.flatMap((group, i) => (sizeOf(group) === size ? [i] : [])))
}

function groupsOf(lanes: readonly Lane[]): Group[] {
  const of = (precision: Config['precision']) =>
    lanes.filter(({ representation }) => representation.config.precision === precision)
  const binary = of('binary')
  return [
    ...(binary.length > 0 ? [{ precision: 'binary' as const, lanes: binary }] : []),
    ...of('float32').map((lane) => ({ precision: 'float32' as const, lanes: [lane] })),
    ...of('int8').map((lane) => ({ precision: 'int8' as const, lanes: [lane] })),
  ]
}
