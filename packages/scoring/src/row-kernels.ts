import { kernelModule, SPILL } from './kernel-code.ts'

const PAGE = 65_536
type Region =
  | 'rows'
  | 'lengths'
  | 'slice'
  | 'codes'
  | 'min'
  | 'width'
  | 'factors'
  | 'products'
  | 'foundRows'
  | 'foundScores'
  | 'scratch'

type KernelName = 'lengths' | 'divide' | 'encode' | 'signs' | 'scanFloats' | 'scanIntegers'
/** Parameters in the order of `kernel-code.ts`. */
type KernelExports = Record<KernelName, (...parameters: number[]) => number>

/** What memory is wanted for: rows of `dim` columns, their products with at most `queries` at once. */
export interface KernelRoom {
  readonly rowCount: number
  readonly dim: number
  readonly queries: number
}

/** `count` products of one query from `at` on, their rows' factors from `factorsAt` on; the first is of document `firstRow`. */
export interface ScanPart {
  readonly at: number
  readonly factorsAt: number
  readonly count: number
  readonly scale: number
  readonly floor: number
  readonly firstRow: number
}

/**
 * The loops over a block of rows that JavaScript does four to eight times slower, in WebAssembly with 128-bit vectors, and the
 * memory they work in. Views of it are valid until the next `reserve`. Memory: about 9 bytes per value of the block and 4 per product.
 */
export class RowKernels {
  /** What the latest `scan` found. */
  foundRows = new Uint32Array(0)
  foundScores = new Float32Array(0)
  private readonly memory = new WebAssembly.Memory({ initial: 1, maximum: PAGE })
  private readonly run: KernelExports
  private readonly starts = new Map<Region, number>()
  private room: KernelRoom = { rowCount: -1, dim: -1, queries: -1 }

  constructor() {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(kernelModule()), { host: { memory: this.memory } })
    this.run = instance.exports as unknown as KernelExports
  }

  /** Makes room; what was there is lost when there was less. Throws `RangeError` beyond 4 GiB. */
  reserve({ rowCount, dim, queries }: KernelRoom): void {
    const { room } = this
    if (rowCount <= room.rowCount && dim <= room.dim && queries <= room.queries) return
    const [values, perRow, perColumn] = [4 * rowCount * dim, 4 * rowCount, 4 * dim]
    const sizes: Record<Region, number> = {
      ...{ rows: values, slice: values, codes: rowCount * dim, lengths: perRow, min: perColumn, width: perColumn },
      ...{ factors: perRow, products: queries * perRow, foundRows: perRow, foundScores: perRow, scratch: 0 },
    }
    let at = 0
    for (const [region, size] of Object.entries(sizes)) {
      this.starts.set(region as Region, at)
      at = Math.ceil((at + size + 2 * SPILL) / 64) * 64
    }
    const pages = Math.ceil(at / PAGE) - this.memory.buffer.byteLength / PAGE
    if (pages > 0) this.memory.grow(pages)
    this.room = { rowCount, dim, queries }
    this.foundRows = new Uint32Array(this.memory.buffer, this.start('foundRows'), rowCount)
    this.foundScores = this.floats('foundScores', rowCount)
  }

  floats(region: Region, length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.memory.buffer, this.start(region), length)
  }

  integers(region: Region, length: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.memory.buffer, this.start(region), length)
  }

  bytes(region: Region, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.memory.buffer, this.start(region), length)
  }

  /** Lengths of the first `prefix` columns of the rows, into `lengths`. */
  lengths({ rowCount, dim }: KernelRoom, prefix: number): void {
    this.run.lengths(this.start('rows'), rowCount, 4 * dim, prefix, this.start('lengths'))
  }

  /** The first `prefix` columns of the rows divided by `lengths`, into `slice`. */
  divide({ rowCount, dim }: KernelRoom, prefix: number): void {
    this.run.divide(this.start('rows'), this.start('lengths'), rowCount, 4 * dim, prefix, this.start('slice'))
  }

  /** The int8 codes of `slice`, by `min` and `width`, into `codes`, and the lengths of the rows of codes into `lengths`. */
  encode(rowCount: number, dim: number): void {
    const [rows, min, width] = [this.start('slice'), this.start('min'), this.start('width')]
    this.run.encode(rows, min, width, rowCount, dim, this.start('codes'), this.start('lengths'))
  }

  /** The signs of the first `prefix` columns of the rows, into `codes`. */
  signs({ rowCount, dim }: KernelRoom, prefix: number): void {
    this.run.signs(this.start('rows'), rowCount, 4 * dim, prefix, this.start('codes'))
  }

  /** Of products and factors: `foundRows` and `foundScores` that reach the floor; how many. */
  scan(kind: 'floats' | 'integers', { at, factorsAt, count, scale, floor, firstRow }: ScanPart): number {
    const [products, factors] = [this.start('products') + 4 * at, this.start('factors') + 4 * factorsAt]
    const [rows, scores, scratch] = [this.start('foundRows'), this.start('foundScores'), this.start('scratch')]
    const scan = kind === 'floats' ? this.run.scanFloats : this.run.scanIntegers
    return scan(products, factors, count, scale, floor, firstRow, rows, scores, scratch)
  }

  private start(region: Region): number {
    return this.starts.get(region) as number
  }
}
