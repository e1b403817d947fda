import { COUNTED_AT_ONCE, SIGN_STRIDE } from './bit-code.ts'
import { kernelModule } from './kernel-code.ts'
import { BUCKETS, SCANNED_AT_ONCE, TURNED_AT_ONCE } from './selection-code.ts'
import { type PackedColumns, SignLayout } from './sign-words.ts'

const PAGE = 65_536
/** Documents whose codes are multiplied at once, a multiple of four: what comes of it stays in the processor's cache. */
export const CODE_ROWS_AT_ONCE = 1024
/** Prefixes whose lengths are taken in one pass. */
const PREFIXES_AT_ONCE = 8
/** Bytes a kernel may read or write beyond the end of what it is given. */
const SPILL = 64
type Region =
  | 'rows'
  | 'lengths'
  | 'ends'
  | 'prefixLengths'
  | 'slice'
  | 'codes'
  | 'min'
  | 'width'
  | 'factors'
  | 'products'
  | 'integers'
  | 'bits'
  | 'queryBits'
  | 'foundRows'
  | 'foundScores'
  | 'sideRows'
  | 'sideScores'
  | 'buckets'
  | 'counts'
  | 'scratch'

type KernelName =
  | 'lengths'
  | 'divide'
  | 'widen'
  | 'encode'
  | 'signs'
  | 'turn'
  | 'scanFloats'
  | 'scanIntegers'
  | 'scanPlain'
  | 'scanSums'
  | 'weigh'
  | 'gather'
  | 'part'
  | 'signSums'
/** Parameters in the order of `kernel-code.ts`. */
type KernelExports = Record<KernelName, (...parameters: number[]) => number> & {
  pack(...parameters: (number | bigint)[]): void
}

/** What memory is wanted for: rows of `dim` columns, their products with at most `queries` at once. */
export interface KernelRoom {
  readonly rowCount: number
  readonly dim: number
  readonly queries: number
}

/** What a search wants beside it. */
export interface SelectionRoom {
  /** Rows of earlier blocks that come to those found in a block before the best are taken. */
  readonly kept: number
  /** Of the configs that compare signs. */
  readonly signs: SignLayout
}

const NO_ROOM: KernelRoom = { rowCount: -1, dim: -1, queries: -1 }
const NO_SIGNS = new SignLayout([])
/** Modules of the latest layouts: compiled anew, their code would begin slow in every search. */
const MOST_MODULES = 8
const modules = new Map<string, WebAssembly.Module>()

/** The memory that kernels work in, and the kernels of each layout of signs that worked in it. */
interface Workplace {
  readonly memory: WebAssembly.Memory
  readonly kernels: Map<WebAssembly.Module, KernelExports>
}

/**
 * A workplace that nobody uses: fresh memory costs a page fault for every 4 kB and, as V8 counts it, a full garbage collection; and what was
 * compiled to call the last kernels is compiled again. Only of a usual size.
 */
let spare: Workplace | null = null
const MOST_SPARE_BYTES = 192 * 2 ** 20

function newWorkplace(): Workplace {
  return { memory: new WebAssembly.Memory({ initial: 1, maximum: PAGE }), kernels: new Map() }
}

function moduleFor(signs: SignLayout): WebAssembly.Module {
  const key = signs.sizes.join()
  const module = modules.get(key) ?? new WebAssembly.Module(kernelModule(signs))
  modules.delete(key)
  modules.set(key, module)
  const [oldest] = modules.keys()
  if (modules.size > MOST_MODULES && oldest !== undefined) modules.delete(oldest)
  return module
}

/** `count` products of one query from `at` on, their rows' factors from `factorsAt` on; the first is of document `firstRow`. */
export interface ScanPart {
  readonly at: number
  readonly factorsAt: number
  readonly count: number
  readonly scale: number
  readonly floor: number
  readonly firstRow: number
  readonly isPlain?: boolean
}

/**
 * The loops over a block of rows that JavaScript does four to eight times slower, in WebAssembly with 128-bit vectors, and the
 * memory they work in. Views of it are valid until the next `reserve`. Memory: about 9 bytes per value of the block and 4 per product.
 */
export class RowKernels {
  /** What the latest `scan` found. */
  foundRows = new Uint32Array(0)
  foundScores = new Float32Array(0)
  /** What the latest `part` put aside. */
  sideRows = new Uint32Array(0)
  sideScores = new Float32Array(0)
  private readonly selection: SelectionRoom
  private readonly workplace: Workplace
  private readonly memory: WebAssembly.Memory
  private readonly run: KernelExports
  private readonly starts = new Map<Region, number>()
  private room = NO_ROOM

  constructor(selection: SelectionRoom = { kept: 0, signs: NO_SIGNS }, workplace = newWorkplace()) {
    this.selection = selection
    this.workplace = workplace
    this.memory = workplace.memory
    const module = moduleFor(selection.signs)
    const { kernels, memory } = workplace
    const known = kernels.get(module)
    this.run = known ?? (new WebAssembly.Instance(module, { host: { memory } }).exports as unknown as KernelExports)
    if (kernels.size === MOST_MODULES) kernels.clear()
    kernels.set(module, this.run)
  }

  /** Makes room; what was there is lost when there was less. Throws `RangeError` beyond 4 GiB. */
  reserve({ rowCount, dim, queries }: KernelRoom): void {
    const { room } = this
    if (rowCount <= room.rowCount && dim <= room.dim && queries <= room.queries) return
    const { kept, signs } = this.selection
    const { words, sizes: signSizes } = signs
    const [values, perRow, perColumn, perFound] = [4 * rowCount * dim, 4 * rowCount, 4 * dim, 4 * (rowCount + kept)]
    const turned = Math.ceil(queries / TURNED_AT_ONCE) * TURNED_AT_ONCE
    const products = 4 * Math.max(turned * strideOf(rowCount), signSizes.length * SIGN_STRIDE)
    const integers = 4 * (Math.min(rowCount, CODE_ROWS_AT_ONCE) + 3) * turned
    const sizes: Record<Region, number> = {
      ...{
        rows: values,
        slice: values,
        codes: rowCount * dim,
        lengths: perRow,
        ends: 4 * PREFIXES_AT_ONCE + 4,
        prefixLengths: PREFIXES_AT_ONCE * perRow,
        min: perColumn,
        width: perColumn,
      },
      ...{ factors: perRow, products, integers, scratch: 12, counts: 4 * BUCKETS, buckets: perFound },
      ...{ foundRows: perFound, foundScores: perFound, sideRows: perFound, sideScores: perFound },
      ...{ bits: 8 * words * (rowCount + 3), queryBits: 8 * words * queries },
    }
    let at = 0
    for (const [region, size] of Object.entries(sizes)) {
      this.starts.set(region as Region, at)
      at = Math.ceil((at + size + 2 * SPILL) / 64) * 64
    }
    const pages = Math.ceil(at / PAGE) - this.memory.buffer.byteLength / PAGE
    if (pages > 0) this.memory.grow(pages)
    this.room = { rowCount, dim, queries }
    this.foundRows = new Uint32Array(this.memory.buffer, this.start('foundRows'), rowCount + kept)
    this.foundScores = this.floats('foundScores', rowCount + kept)
    this.sideRows = new Uint32Array(this.memory.buffer, this.start('sideRows'), rowCount + kept)
    this.sideScores = this.floats('sideScores', rowCount + kept)
  }

  /** Kernels in the memory of those that were closed last, if there is such. */
  static open(selection: SelectionRoom): RowKernels {
    const kernels = new RowKernels(selection, spare ?? undefined)
    spare = null
    return kernels
  }

  /** To be called once nothing is asked of these kernels any more. */
  close(): void {
    if (this.memory.buffer.byteLength <= MOST_SPARE_BYTES) spare = this.workplace
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

  /** [prefix] lengths of the first so many columns of the rows, in one pass; prefixes are distinct and ascend. */
  lengths({ rowCount, dim }: KernelRoom, prefixes: readonly number[]): Float32Array<ArrayBuffer>[] {
    const most = PREFIXES_AT_ONCE
    return prefixes.flatMap((_, first) => {
      if (first % most > 0) return []
      const some = prefixes.slice(first, first + most)
      this.integers('ends', some.length + 1).set([...some.map((prefix) => 4 * prefix), 0])
      this.run.lengths(this.start('rows'), rowCount, 4 * dim, this.start('ends'), this.start('prefixLengths'), 4 * rowCount)
      return some.map((_, i) => this.floats('prefixLengths', (i + 1) * rowCount).slice(i * rowCount))
    })
  }

  /** The columns of the rows from `from` to before `to` divided by `lengths`, into `slice`, behind room for the columns before. */
  divide({ rowCount, dim }: KernelRoom, from: number, to: number): void {
    const [rows, slice] = [this.start('rows') + 4 * from, this.start('slice') + 4 * from * rowCount]
    this.run.divide(rows, this.start('lengths'), rowCount, 4 * dim, to - from, slice)
  }

  /** Widens `min` and `max` by the first rows of `slice`; `max` lies in `width`. */
  widen(rowCount: number, dim: number): void {
    this.run.widen(this.start('slice'), rowCount, dim, this.start('min'), this.start('width'))
  }

  /**
   * The int8 codes of the first `prefix` columns of the rows divided by `lengths`, by `min` and `width`, into `codes`, and the lengths of the
   * rows of codes into `lengths`.
   */
  encode({ rowCount, dim }: KernelRoom, prefix: number): void {
    const [rows, min, width] = [this.start('rows'), this.start('min'), this.start('width')]
    this.run.encode(rows, 4 * dim, min, width, rowCount, prefix, this.start('codes'), this.start('lengths'))
  }

  /** The signs of the first `prefix` columns of the rows, into `codes`. */
  signs({ rowCount, dim }: KernelRoom, prefix: number): void {
    this.run.signs(this.start('rows'), rowCount, 4 * dim, prefix, this.start('codes'))
  }

  /** `integers`, `[document, query]` of a multiple of 16 queries, into `products`: `stride` numbers from query to query. */
  turn({ first, count, queries, stride }: { first: number; count: number; queries: number; stride: number }): void {
    const [from, to] = [this.start('integers'), this.start('products') + 4 * first]
    this.run.turn(from, Math.ceil(count / 4) * 4, queries, 4 * stride, to)
  }

  /** Up to 64 columns of the rows from `column` on, as bits of word `at` of `bits` in rows of `words` words. */
  pack({ rowCount, dim }: KernelRoom, { column, columns, at, words }: PackedColumns): void {
    const mask = (1n << BigInt(columns)) - 1n
    const from = this.start('rows') + 4 * column
    this.run.pack(from, rowCount, 4 * dim, columns, BigInt.asIntN(64, mask), this.start('bits') + 8 * at, 8 * words)
  }

  /**
   * The products of signs of one query, whose words are those of `queryBits` from `query` on, with `count` rows from `first`, up to `SIGN_ROWS`:
   * a row of `products` per size, `SIGN_STRIDE` numbers from one to the next.
   */
  addSigns(query: number, { first, count }: { first: number; count: number }): void {
    const rowBytes = 8 * this.selection.signs.words
    const [own, bits] = [this.start('queryBits') + 8 * query, this.start('bits') + first * rowBytes]
    this.run.signSums(own, bits, Math.ceil(count / COUNTED_AT_ONCE) * COUNTED_AT_ONCE, this.start('products'))
  }

  /** Of products and factors: `foundRows` and `foundScores` that reach the floor; how many. `isPlain`: all factors and the scale are 1. */
  scan(kind: 'floats' | 'integers', { at, factorsAt, count, scale, floor, firstRow, isPlain }: ScanPart): number {
    const [products, factors] = [this.start('products') + 4 * at, this.start('factors') + 4 * factorsAt]
    const [rows, scores, groups] = [this.start('foundRows'), this.start('foundScores'), this.start('buckets')]
    const { scanFloats, scanIntegers, scanPlain, scanSums } = this.run
    const [plain, factored] = kind === 'floats' ? [scanPlain, scanFloats] : [scanSums, scanIntegers]
    const scan = isPlain && count % SCANNED_AT_ONCE === 0 ? plain : factored
    return scan(products, factors, count, scale, floor, firstRow, rows, scores, groups)
  }

  /** How many of the first `count` found (at least `nth` + 1) are about as good as the `nth` best (from 0) or better; for what comes next. */
  weigh(count: number, nth: number): number {
    return this.run.weigh(
      this.start('foundScores'),
      count,
      nth,
      this.start('buckets'),
      this.start('counts'),
      this.start('scratch'),
    )
  }

  /** A score that at least `rows` of those reach that were weighed just now, and about a bucket below the best such. */
  reachedBy(rows: number): number {
    const counts = this.integers('counts', BUCKETS)
    const [, most, perScore] = this.floats('scratch', 3) as unknown as [number, number, number]
    let bucket = 0
    for (let left = rows - (counts[0] as number); left > 0; left -= counts[bucket] as number) bucket++
    // a bucket lower, and a little more where buckets are as narrow as what their places are rounded by
    return most - (bucket + 2) / perScore - Math.abs(most) * 1e-6
  }

  /** Lets `gather` leave those that were weighed just now and may reach a floor, if they are fewer than it would leave: how many it will. */
  narrow(floor: number): number {
    const counts = this.integers('counts', BUCKETS)
    const bucket = this.integers('scratch', 1)
    const [, most, perScore] = this.floats('scratch', 3) as unknown as [number, number, number]
    const last = (most - floor + Math.abs(most) * 1e-6) * perScore + 1
    if (last < (bucket[0] as number)) bucket[0] = last
    let left = 0
    for (let i = 0; i <= (bucket[0] as number); i++) left += counts[i] as number
    return left
  }

  /** Of the `count` found that were weighed, those that `weigh` counted stay and come first. The least of their scores. */
  gather(count: number): number {
    return this.run.gather(
      this.start('foundScores'),
      this.start('foundRows'),
      count,
      this.start('buckets'),
      this.start('scratch'),
    )
  }

  /**
   * Of the `count` found that were weighed, those that are better than the `nth` best stay and come first, all but for a few that are aside
   * with it and with its equals.
   */
  part(count: number): { readonly kept: number; readonly aside: number } {
    const found = [this.start('foundScores'), this.start('foundRows'), count, this.start('buckets')]
    const kept = this.run.part(...found, this.start('sideScores'), this.start('sideRows'), this.start('scratch'))
    return { kept, aside: this.integers('scratch', 1)[0] as number }
  }

  private start(region: Region): number {
    return this.starts.get(region) as number
  }
}

/** Numbers from query to query of products in rows of their own: whole steps of `scan`, and not a power of two, which caches dislike. */
export function strideOf(rowCount: number): number {
  return Math.ceil(rowCount / SCANNED_AT_ONCE) * SCANNED_AT_ONCE + SCANNED_AT_ONCE
}
