import { SIGN_ROWS, SIGN_STRIDE } from './bit-code.ts'
import type { BlockPass } from './block-pass.ts'
import type { KernelRows, Operand } from './kernel-rows.ts'
import type { Product, TurnedCodes } from './product.ts'
import { strideOf } from './row-kernels.ts'
import type { Lane, QueryProducts } from './search-lane.ts'
import type { VectorBlock } from './vector-blocks.ts'

/** Some queries, or some rows of a block. */
interface Part {
  readonly first: number
  readonly count: number
}

/** What all lanes of a search share. */
export interface SharedPass {
  readonly pass: BlockPass
  product: Product
  /** The block has rows enough that products of it have the same bits however they are made (`ROWS_PER_THREAD`). */
  isLarge: boolean
  readonly queryCount: number
  readonly queriesAtOnce: number
}

/** Configs whose products with a block are made together. */
export interface LanesOfBlock {
  readonly lanes: readonly Lane[]
  /** Takes the rows of a block; calls `done` after every few hundred queries. */
  take(rows: KernelRows, block: VectorBlock, done: () => void): Promise<void>
}

/** An int8 config: a product of its own, as each size has other codes. */
export class CodeLane implements LanesOfBlock {
  readonly lanes: readonly [Lane]
  private readonly shared: SharedPass
  private readonly factors: Float32Array | null
  private readonly turned: readonly TurnedCodes[]

  constructor(lane: Lane, queries: Operand, shared: SharedPass) {
    this.lanes = [lane]
    this.shared = shared
    this.factors = queries.factors
    this.turned = partsOf(shared).map(({ first, count }) => shared.product.turned(queries, first, count))
  }

  async take(rows: KernelRows, { firstRow }: VectorBlock, done: () => void): Promise<void> {
    const { pass, product } = this.shared
    const [lane] = this.lanes
    const documents = rows.operand(lane.representation)
    const { rowCount } = documents
    const stride = strideOf(rowCount)
    lane.writeFactors(pass.kernels, documents, firstRow)
    for (const [i, { first, count }] of partsOf(this.shared).entries()) {
      await product.multiplyCodes(this.turned[i] as TurnedCodes, documents, pass.kernels)
      for (let q = 0; q < count; q++) {
        const query = { query: first + q, scale: this.factors?.[first + q] ?? 1 }
        lane.select(pass.kernels, 'floats', { ...query, at: q * stride, rowCount, firstRow, isPlain: false })
      }
      done()
    }
  }
}

/** All binary configs: differing signs are counted once, size upon size. */
export class SignLanes implements LanesOfBlock {
  readonly lanes: readonly Lane[]
  private readonly shared: SharedPass
  private readonly querySigns: Uint8Array
  /** Per size of the layout. */
  private readonly lanesOfSize: readonly (readonly Lane[])[]

  constructor(lanes: readonly Lane[], shared: SharedPass) {
    this.lanes = lanes
    this.shared = shared
    this.querySigns = shared.pass.querySigns()
    this.lanesOfSize = shared.pass.signs.sizes.map((size) => lanes.filter(({ representation }) => representation.dim === size))
  }

  async take(rows: KernelRows, { firstRow, matrix: { rowCount } }: VectorBlock, done: () => void): Promise<void> {
    const { kernels, signs } = this.shared.pass
    rows.signs(signs.packed())
    for (let from = 0; from < rowCount; from += SIGN_ROWS) {
      const count = Math.min(SIGN_ROWS, rowCount - from)
      const isPlain = this.lanes[0]?.writeFactors(kernels, { factors: null, rowCount: count }, firstRow + from) ?? false
      for (const part of partsOf(this.shared)) {
        this.select(part, { first: from, count }, { rowCount: count, firstRow: firstRow + from, isPlain })
        done()
      }
    }
  }

  private select({ first, count }: Part, rows: Part, block: Pick<QueryProducts, 'rowCount' | 'firstRow' | 'isPlain'>): void {
    const { kernels, signs } = this.shared.pass
    const queryBytes = 8 * signs.words
    const own = this.querySigns.subarray(first * queryBytes, (first + count) * queryBytes)
    kernels.bytes('queryBits', own.length).set(own)
    for (let q = 0; q < count; q++) {
      kernels.addSigns(q * signs.words, rows)
      this.lanesOfSize.forEach((lanes, size) => {
        for (const lane of lanes)
          lane.select(kernels, 'integers', { query: first + q, scale: 1, at: size * SIGN_STRIDE, ...block })
      })
    }
  }
}

/** Which queries are multiplied at once. */
export function partsOf({ queryCount, queriesAtOnce }: SharedPass): Part[] {
  const parts = Math.ceil(queryCount / Math.max(1, queriesAtOnce))
  return Array.from({ length: parts }, (_, i) => {
    const first = i * queriesAtOnce
    return { first, count: Math.min(queriesAtOnce, queryCount - first) }
  })
}
