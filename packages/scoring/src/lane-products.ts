import { SIGN_QUERIES, SIGN_ROW_STRIDE, SIGN_ROWS, SIGN_STRIDE } from './bit-code.ts'
import type { BlockPass } from './block-pass.ts'
import { SCANNED_ROWS } from './kernel-memory.ts'
import type { KernelRows, Operand } from './kernel-rows.ts'
import type { Product, TurnedCodes } from './product.ts'
import type { Part } from './row-kernels.ts'
import type { Lane } from './search-lane.ts'
import type { VectorBlock } from './vector-blocks.ts'

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
  private readonly turned: readonly TurnedCodes[]

  constructor(lane: Lane, queries: Operand, shared: SharedPass) {
    this.lanes = [lane]
    this.shared = shared
    if (queries.factors) lane.scaleBy(queries.factors)
    this.turned = partsOf(shared).map(({ first, count }) => shared.product.turned(queries, first, count))
  }

  async take(rows: KernelRows, { firstRow }: VectorBlock, done: () => void): Promise<void> {
    const { pass, product } = this.shared
    const [lane] = this.lanes
    const documents = rows.operand(lane.representation)
    lane.writeFactors(documents, firstRow)
    for (const [i, queries] of partsOf(this.shared).entries()) {
      for (const scanned of inParts({ first: 0, count: documents.rowCount }, SCANNED_ROWS)) {
        await product.multiplyCodes(this.turned[i] as TurnedCodes, documents, scanned, pass.kernels)
        lane.makeRoom(queries)
        lane.takeTurned({ queries, rows: scanned, firstRow: firstRow + scanned.first })
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
    const isPlain = this.lanes[0]?.writeFactors({ factors: null, rowCount }, firstRow) ?? false
    for (const queries of partsOf(this.shared)) {
      const queryBytes = 8 * signs.words
      const own = this.querySigns.subarray(queries.first * queryBytes, (queries.first + queries.count) * queryBytes)
      kernels.bytes('queryBits', own.length).set(own)
      for (const scanned of inParts({ first: 0, count: rowCount }, SCANNED_ROWS)) {
        for (const lane of this.lanes) lane.makeRoom(queries)
        this.takeSome(queries, scanned, { firstRow, isPlain })
      }
      done()
    }
  }

  /** `queries`: those whose words are in `queryBits`. */
  private takeSome(queries: Part, scanned: Part, { firstRow, isPlain }: { firstRow: number; isPlain: boolean }): void {
    const { kernels } = this.shared.pass
    for (const rows of inParts(scanned, SIGN_ROWS)) {
      for (const some of inParts(queries, SIGN_QUERIES)) {
        kernels.signSums({ first: some.first - queries.first, count: some.count }, rows)
        const own = { queries: some, rows, firstRow: firstRow + rows.first, stride: SIGN_ROW_STRIDE, isPlain }
        this.lanesOfSize.forEach((lanes, size) => {
          for (const lane of lanes) lane.take({ kind: 'integers', at: size * SIGN_STRIDE, ...own })
        })
      }
    }
  }
}

/** Which queries are multiplied at once. */
export function partsOf({ queryCount, queriesAtOnce }: SharedPass): Part[] {
  return [...inParts({ first: 0, count: queryCount }, Math.max(1, queriesAtOnce))]
}

/** Parts of no more than `size`. */
export function* inParts({ first, count }: Part, size: number): Generator<Part> {
  for (let at = 0; at < count; at += size) yield { first: first + at, count: Math.min(size, count - at) }
}
