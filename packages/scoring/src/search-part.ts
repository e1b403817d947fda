import { availableParallelism } from 'node:os'
import type { Config } from '@sweepboard/contracts'
import { BlockPass } from './block-pass.ts'
import { FloatLanes } from './float-lanes.ts'
import type { RangeSnapshot } from './int8-range.ts'
import type { KernelRows, Operand } from './kernel-rows.ts'
import { CodeLane, type LanesOfBlock, type SharedPass, SignLanes } from './lane-products.ts'
import { Product, ROWS_PER_THREAD } from './product.ts'
import type { Search } from './search.ts'
import { Lane } from './search-lane.ts'
import { roomOf, type SharedFloors } from './top-rows.ts'
import type { VectorBlock } from './vector-blocks.ts'

/** Queries multiplied at once: their scores against one block stay within the processor's cache. */
const QUERIES_AT_ONCE = 256

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
  private readonly parts: (LanesOfBlock | null)[]

  private constructor(input: Searched, beside: Beside, { single, whole }: { single: Product | null; whole: Product }) {
    const { queries, depth, priority } = input
    const queriesAtOnce = Math.min(QUERIES_AT_ONCE, queries.rowCount)
    this.single = single
    this.whole = whole
    this.beside = beside
    this.pass = new BlockPass(input, queriesAtOnce, roomOf(depth, priority.length))
    this.lanes = this.pass.representations.map((representation, i) => {
      return new Lane(representation, input, beside.floors ? floorsOf(beside.floors, i, queries.rowCount) : null)
    })
    this.shared = { pass: this.pass, product: whole, isLarge: false, queriesAtOnce, queryCount: queries.rowCount }
    this.groups = groupsOf(this.lanes)
    this.parts = this.groups.map(() => null)
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
    this.shared.isLarge = block.matrix.rowCount >= ROWS_PER_THREAD * availableParallelism()
    this.shared.product = this.single && this.shared.isLarge ? this.single : this.whole
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

  /** Groups in the order in which they are taken: as they stand, so that what waits for no ranges comes first, or the other way round. */
  private *orderOf(shared: Claims | null): Generator<number> {
    const { length } = this.groups
    for (let next = 0; ; next++) {
      const claimed = shared ? Atomics.add(shared.claims, shared.at, 1) : next
      if (claimed >= length) return
      yield this.beside.isBackwards && !shared ? length - 1 - claimed : claimed
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
    const lanes = isCoded ? this.groups.flatMap((group) => (group.precision === 'int8' ? group.lanes : [])) : []
    const operands = pass.queryOperands(lanes.map(({ representation }) => representation))
    this.groups.forEach(({ precision, lanes: own }, i) => {
      if ((precision === 'int8') !== isCoded) return
      const [lane] = own as [Lane]
      if (precision === 'binary') this.parts[i] = new SignLanes(own, this.shared)
      else if (precision === 'float32') this.parts[i] = new FloatLanes(own, this.shared)
      else this.parts[i] = new CodeLane(lane, operands[lanes.indexOf(lane)] as Operand, this.shared)
    })
  }
}

function floorsOf({ whole, ownHalf, otherHalf }: SharedFloors, config: number, queryCount: number): SharedFloors {
  const of = (floors: Float32Array) => floors.subarray(config * queryCount, (config + 1) * queryCount)
  return { whole: of(whole), ownHalf: of(ownHalf), otherHalf: of(otherHalf) }
}

interface Group {
  readonly precision: Config['precision']
  readonly lanes: readonly Lane[]
}

/** What another part searches at the same time. */
interface Beside {
  /** `[config, query]` each, -Infinity at first. */
  readonly floors?: SharedFloors
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

function groupsOf(lanes: readonly Lane[]): Group[] {
  const of = (precision: Config['precision']) =>
    lanes.filter(({ representation }) => representation.config.precision === precision)
  const floats = Map.groupBy(of('float32'), ({ representation }) => representation.config.similarity)
  const whole = [
    { precision: 'binary' as const, lanes: of('binary') },
    ...[...floats.values()].map((own) => ({ precision: 'float32' as const, lanes: own })),
  ]
  // the largest first: those at the end are shared out among two threads
  const codes = of('int8').toSorted((a, b) => b.representation.dim - a.representation.dim)
  return [
    ...whole.filter((group) => group.lanes.length > 0),
    ...codes.map((lane) => ({ precision: 'int8' as const, lanes: [lane] })),
  ]
}
