import type { KernelRows } from './kernel-rows.ts'
import { type LanesOfBlock, partsOf, type SharedPass } from './lane-products.ts'
import { CHAIN_COLUMNS, type Matrix } from './product.ts'
import type { Lane } from './search-lane.ts'
import type { VectorBlock } from './vector-blocks.ts'

/** Columns whose products, alone or added to those before, are the products of a size. */
interface Step {
  readonly size: number
  readonly columns: Matrix
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
  /** By size, [query] what the products of a query are multiplied by. */
  private readonly scales: ReadonlyMap<number, Float32Array>

  constructor(lanes: readonly Lane[], shared: SharedPass) {
    this.lanes = lanes
    this.shared = shared
    this.isCosine = lanes[0]?.representation.config.similarity === 'cosine'
    this.lanesOfSize = Map.groupBy(lanes, ({ representation }) => representation.dim)
    this.sizes = [...this.lanesOfSize.keys()].sort((a, b) => a - b)
    const { matrix, factors } = shared.pass.queryRows(this.sizes, this.isCosine)
    this.queries = matrix
    this.scales = factors
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
    const steps = sizes.map((size, i): Step => ({ size, columns: rows.columns(sizes[i - 1] ?? 0, size, this.isCosine) }))
    for (const { first, count } of steps.length > 0 ? partsOf(this.shared) : []) {
      for (const { size, columns } of steps) {
        const from = size - columns.dim
        await product.multiply(columnsOf(this.queries, { first, count, from, to: size }), columns, pass.kernels, from > 0)
        for (const lane of this.lanesOfSize.get(size) ?? []) this.select(lane, { rows, firstRow }, { first, count })
      }
      done()
    }
  }

  private select(lane: Lane, { rows, firstRow }: Taken, { first, count }: { first: number; count: number }): void {
    const { kernels } = this.shared.pass
    const { dim } = lane.representation
    const { rowCount } = rows
    const factors = this.isCosine && dim < this.queries.dim ? rows.factors(dim) : null
    const isPlain = lane.writeFactors(kernels, { factors, rowCount }, firstRow)
    const scales = factors ? this.scales.get(dim) : undefined
    for (let q = 0; q < count; q++) {
      const query = { query: first + q, scale: scales?.[first + q] ?? 1 }
      lane.select(kernels, 'floats', { ...query, at: q * rowCount, rowCount, firstRow, isPlain })
    }
  }
}

/**
 * `count` rows from `first`, of their columns those from `from` to before `to`. One row alone is multiplied in another order of additions than
 * rows of which there are more: a row of zeros comes after it.
 */
function columnsOf(
  { values, dim }: Matrix,
  { first, count, from, to }: { first: number; count: number; from: number; to: number },
): Matrix {
  if (to - from === dim && count > 1) return { values: values.subarray(first * dim, (first + count) * dim), rowCount: count, dim }
  const rowCount = Math.max(2, count)
  const own = new Float32Array(rowCount * (to - from))
  for (let row = 0; row < count; row++) {
    own.set(values.subarray((first + row) * dim + from, (first + row) * dim + to), row * (to - from))
  }
  return { values: own, rowCount, dim: to - from }
}
