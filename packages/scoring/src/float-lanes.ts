import { rowsFrom } from './block-pass.ts'
import { SCANNED_ROWS } from './kernel-memory.ts'
import type { KernelRows } from './kernel-rows.ts'
import { inParts, type LanesOfBlock, partsOf, type SharedPass } from './lane-products.ts'
import { CHAIN_COLUMNS, type Matrix } from './product.ts'
import type { Part } from './row-kernels.ts'
import type { Lane } from './search-lane.ts'
import type { VectorBlock } from './vector-blocks.ts'

/** Columns whose products, alone or added to those before, are the products of a size. */
interface Step {
  readonly size: number
  readonly columns: Matrix
  /** `[rowCount]` what products of a row are multiplied by; null where that is 1. */
  readonly factors: Float32Array | null
}

/** A block and its rows. */
interface Taken {
  readonly rows: KernelRows
  readonly firstRow: number
}

/**
 * All float32 configs of one similarity. The rows of every size are columns of the same whole rows, and only products are multiplied by what
 * the length of a slice makes of them: so those of a size are part of those of the next, and are added up over the columns, where that has
 * the bits of products of their own (`Product.chains`). A score does not depend on the other configs, and that of whole rows is the
 * product of normalised rows.
 */
export class FloatLanes implements LanesOfBlock {
  readonly lanes: readonly Lane[]
  private readonly shared: SharedPass
  private readonly isCosine: boolean
  private readonly lanesOfSize: ReadonlyMap<number, readonly Lane[]>
  /** Ascending. */
  private readonly sizes: readonly number[]
  private readonly queries: Matrix
  /** Their columns, as products were made of them. */
  private readonly columns = new Map<string, Matrix>()

  constructor(lanes: readonly Lane[], shared: SharedPass) {
    this.lanes = lanes
    this.shared = shared
    this.isCosine = lanes[0]?.representation.config.similarity === 'cosine'
    this.lanesOfSize = Map.groupBy(lanes, ({ representation }) => representation.dim)
    this.sizes = [...this.lanesOfSize.keys()].sort((a, b) => a - b)
    const { matrix, factors } = shared.pass.queryRows(this.sizes, this.isCosine)
    this.queries = matrix
    for (const lane of lanes) {
      const { dim } = lane.representation
      const scales = this.isScaled(dim) ? factors.get(dim) : undefined
      if (scales) lane.scaleBy(scales)
    }
  }

  async take(rows: KernelRows, { firstRow }: VectorBlock, done: () => void): Promise<void> {
    const { product, isLarge } = this.shared
    const isLink = (size: number) => product.chains && isLarge && size % CHAIN_COLUMNS === 0
    for (const size of this.sizes.filter((own) => !isLink(own))) await this.follow([size], { rows, firstRow }, done)
    await this.follow(this.sizes.filter(isLink), { rows, firstRow }, done)
  }

  /** Makes the products of ascending sizes, each from those of the one before. */
  private async follow(sizes: readonly number[], { rows, firstRow }: Taken, done: () => void): Promise<void> {
    const { pass, product } = this.shared
    const steps = sizes.map((size, i): Step => {
      const columns = rows.columns(sizes[i - 1] ?? 0, size, this.isCosine)
      return { size, columns, factors: this.isScaled(size) ? rows.factors(size) : null }
    })
    for (const queries of steps.length > 0 ? partsOf(this.shared) : []) {
      for (const some of inParts({ first: 0, count: rows.rowCount }, SCANNED_ROWS)) {
        for (const { size, columns, factors } of steps) {
          const from = size - columns.dim
          await product.multiply(
            this.columnsOf(queries, from, size),
            rowsFrom(columns, some.first, some.count),
            pass.kernels,
            from > 0,
          )
          const own = { queries, count: some.count, firstRow: firstRow + some.first }
          const ofRows = factors?.subarray(some.first, some.first + some.count) ?? null
          for (const lane of this.lanesOfSize.get(size) ?? []) select(lane, ofRows, own)
        }
      }
      done()
    }
  }

  /** Whether the rows of a size are not normalised as they are. */
  private isScaled(size: number): boolean {
    return this.isCosine && size < this.queries.dim
  }

  private columnsOf(queries: Part, from: number, to: number): Matrix {
    const key = `${queries.first} ${from} ${to}`
    const known = this.columns.get(key) ?? columnsOf(this.queries, queries, { from, to })
    this.columns.set(key, known)
    return known
  }
}

/** Products of some queries with `count` rows, of which the first is document `firstRow`. */
interface Made {
  readonly queries: Part
  readonly count: number
  readonly firstRow: number
}

function select(lane: Lane, factors: Float32Array | null, { queries, count, firstRow }: Made): void {
  const isPlain = lane.writeFactors({ factors, rowCount: count }, firstRow)
  lane.makeRoom(queries)
  lane.take({ kind: 'floats', at: 0, stride: count, queries, rows: { first: 0, count }, firstRow, isPlain })
}

/**
 * The rows of some queries, of their columns those from `from` to before `to`. One row alone is multiplied in another order of additions than
 * rows of which there are more: a row of zeros comes after it.
 */
function columnsOf({ values, dim }: Matrix, { first, count }: Part, { from, to }: { from: number; to: number }): Matrix {
  if (to - from === dim && count > 1) return { values: values.subarray(first * dim, (first + count) * dim), rowCount: count, dim }
  const rowCount = Math.max(2, count)
  const own = new Float32Array(rowCount * (to - from))
  for (let row = 0; row < count; row++) {
    own.set(values.subarray((first + row) * dim + from, (first + row) * dim + to), row * (to - from))
  }
  return { values: own, rowCount, dim: to - from }
}
