import type { Config } from '@sweepboard/contracts'
import { BlockPass } from './block-pass.ts'
import { FloatLanes } from './float-lanes.ts'
import type { RangeSnapshot } from './int8-range.ts'
import type { KernelRows, Operand } from './kernel-rows.ts'
import { CodeLane, type LanesOfBlock, type SharedPass, SignLanes } from './lane-products.ts'
import { MOST_THREADS, Product, ROWS_PER_THREAD } from './product.ts'
import type { Search } from './search.ts'
import { Lane } from './search-lane.ts'
import { SHARES } from './selection-code.ts'
import { roomOf, type SharedFloors } from './top-lists.ts'
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
  /** Lanes of one product each, and what makes it, once its queries are wanted. */
  private readonly groups: readonly Group[]
  private readonly parts: (LanesOfBlock | null)[]

  private constructor(input: Searched, beside: Beside, { single, whole }: { single: Product | null; whole: Product }) {
    const { queries, depth, priority } = input
    const queriesAtOnce = Math.min(QUERIES_AT_ONCE, queries.rowCount)
    this.single = single
    this.whole = whole
    this.pass = new BlockPass(input, queriesAtOnce, roomOf(depth, priority.length))
    const { kernels } = this.pass
    this.lanes = this.pass.representations.map((representation, i) => {
      const floors = beside.floors ? floorsOf(beside.floors, i, queries.rowCount) : null
      return new Lane(representation, i, { kernels, depth, priority, floors })
    })
    this.shared = { pass: this.pass, product: whole, isLarge: false, queriesAtOnce, queryCount: queries.rowCount }
    this.groups = groupsOf(this.lanes)
    this.parts = this.groups.map(() => null)
  }

  static async open(input: Searched, beside: Beside = {}): Promise<SearchPart> {
    const whole = await Product.open()
    const single = beside.floors ? await Product.open({ threads: 1 }) : null
    try {
      return new SearchPart(input, beside, { whole, single })
    } catch (error) {
      await Promise.all([whole.close(), single?.close()])
      throw error
    }
  }

  /**
   * Takes a block; calls `done` after every few hundred queries. `part`: only the groups whose products are of codes, which want the int8 ranges
   * to be known, or only the others.
   */
  async take(block: VectorBlock, done: () => void, part: 'all' | 'codes' | 'others' = 'all'): Promise<void> {
    this.shared.isLarge = block.matrix.rowCount >= ROWS_PER_THREAD * MOST_THREADS
    this.shared.product = this.single && this.shared.isLarge ? this.single : this.whole
    let rows: KernelRows | null = null
    for (const [at, { precision }] of this.groups.entries()) {
      if (part !== 'all' && (part === 'codes') !== (precision === 'int8')) continue
      if (!this.parts[at]) {
        this.make(precision === 'int8')
        rows = null // its memory held the queries meanwhile
      }
      rows ??= this.pass.rowsOf(block)
      const lanes = this.parts[at] as LanesOfBlock
      const began = performance.now()
      await lanes.take(rows, block, done)
      const seconds = (performance.now() - began) / 1000 / lanes.lanes.length
      for (const lane of lanes.lanes) lane.seconds += seconds
    }
  }

  /** Tells the int8 ranges that another part took of the documents, by config. */
  adoptRanges(known: readonly (RangeSnapshot | null)[]): void {
    this.pass.representations.forEach(({ range }, i) => {
      const own = known[i]
      if (own) range?.adopt(own)
    })
  }

  async close(): Promise<void> {
    this.pass.kernels.close()
    await Promise.all([this.whole.close(), this.single?.close()])
  }

  /** Prepares the queries of all int8 configs or of all others. */
  private make(isCoded: boolean): void {
    const { pass } = this
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

function floorsOf({ own, other }: SharedFloors, config: number, queryCount: number): SharedFloors {
  const size = SHARES * queryCount
  const of = (floors: Float32Array) => floors.subarray(config * size, (config + 1) * size)
  return { own: of(own), other: of(other) }
}

interface Group {
  readonly precision: Config['precision']
  readonly lanes: readonly Lane[]
}

/** What another part searches at the same time. */
interface Beside {
  /** `[config, share, query]` each, -Infinity at first. */
  readonly floors?: SharedFloors
}

function groupsOf(lanes: readonly Lane[]): Group[] {
  const of = (precision: Config['precision']) =>
    lanes.filter(({ representation }) => representation.config.precision === precision)
  const floats = Map.groupBy(of('float32'), ({ representation }) => representation.config.similarity)
  const whole = [
    { precision: 'binary' as const, lanes: of('binary') },
    ...[...floats.values()].map((own) => ({ precision: 'float32' as const, lanes: own })),
  ]
  return [
    ...whole.filter((group) => group.lanes.length > 0),
    ...of('int8').map((lane) => ({ precision: 'int8' as const, lanes: [lane] })),
  ]
}
