import { SIGN_STRIDE } from './bit-code.ts'
import { kernelModule } from './kernel-code.ts'
import { GROUP_BYTES, SCANNED_AT_ONCE } from './scan-code.ts'
import { packedOrders, SHARES, TALLY_BYTES } from './selection-code.ts'
import { SignLayout } from './sign-words.ts'

const PAGE = 65_536
/** Documents of a block that are scanned before lists are cut; of codes, also those that are multiplied at once: what comes of it stays in the processor's cache. */
export const SCANNED_ROWS = 1024
/** Prefixes whose lengths are taken in one pass. */
export const PREFIXES_AT_ONCE = 8
/** Bytes a kernel may read or write beyond the end of what it is given. */
const SPILL = 64
/** Of a list, the numbers beyond its last that a kernel may write. */
const LIST_SPILL = 4

/** Regions that stay as they are as long as there are these kernels. */
type FixedRegion =
  | 'orders'
  | 'lists'
  | 'listCounts'
  | 'listFloors'
  | 'listScales'
  | 'tallies'
  | 'ownReached'
  | 'otherReached'
  | 'sideRows'
  | 'sideScores'
  | 'sideCount'
  | 'buckets'
/** Regions of the block at hand. */
type BlockRegion =
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
export type Region = FixedRegion | BlockRegion

type KernelName =
  | 'lengths'
  | 'divide'
  | 'widen'
  | 'encode'
  | 'signs'
  | 'scanFloats'
  | 'scanIntegers'
  | 'scanPlain'
  | 'scanSums'
  | 'scanTurned'
  | 'tally'
  | 'rise'
  | 'keep'
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

/** Lists of found rows: one for each query of each config, of `rows` rows at most. */
export interface ListRoom {
  readonly configs: number
  readonly queries: number
  readonly rows: number
}

/** What a search wants beside the room of a block. */
export interface SearchRoom {
  readonly lists: ListRoom
  /** Of the configs that compare signs. */
  readonly signs: SignLayout
}

const NO_ROOM: KernelRoom = { rowCount: -1, dim: -1, queries: -1 }
const NO_SEARCH: SearchRoom = { lists: { configs: 0, queries: 0, rows: 0 }, signs: new SignLayout([]) }
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

/** One that was given back, or a new one. */
export function takeWorkplace(): Workplace {
  const workplace = spare ?? newWorkplace()
  spare = null
  return workplace
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

/** Bytes of a list: its rows, then its scores. */
export function listBytes(rows: number): number {
  return 8 * (Math.ceil(rows / LIST_SPILL) * LIST_SPILL + LIST_SPILL)
}

/** Bytes that a list takes with all that is kept about it. */
export function bytesForList(rows: number): number {
  return listBytes(rows) + TALLY_BYTES + 4 * (3 + 2 * SHARES)
}

/**
 * The memory of the kernels by its regions. Views of it are valid until the next `reserve`. Memory: about 9 bytes per value of the block, 4 per
 * product, and the lists. Throws `RangeError` beyond 4 GiB.
 */
export class KernelMemory {
  readonly search: SearchRoom
  readonly run: KernelExports
  private readonly workplace: Workplace
  private readonly starts = new Map<Region, number>()
  private readonly fixedEnd: number
  private room = NO_ROOM

  constructor(search: SearchRoom = NO_SEARCH, workplace = newWorkplace()) {
    this.search = search
    this.workplace = workplace
    const module = moduleFor(search.signs)
    const { kernels, memory } = workplace
    const known = kernels.get(module)
    this.run = known ?? (new WebAssembly.Instance(module, { host: { memory } }).exports as unknown as KernelExports)
    if (kernels.size === MOST_MODULES) kernels.clear()
    kernels.set(module, this.run)
    this.fixedEnd = this.lay(0, this.fixedSizes())
    this.bytes('orders', packedOrders().length).set(packedOrders())
  }

  /** Makes room for a block; what was there of another is lost when there was less. */
  reserve({ rowCount, dim, queries }: KernelRoom): void {
    const { room } = this
    if (rowCount <= room.rowCount && dim <= room.dim && queries <= room.queries) return
    const { words, sizes } = this.search.signs
    const [values, perRow, perColumn] = [4 * rowCount * dim, 4 * rowCount, 4 * dim]
    this.lay(this.fixedEnd, {
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
      factors: 4 * filledUp(rowCount),
      products: 4 * Math.max(Math.max(2, queries) * rowCount, sizes.length * SIGN_STRIDE),
      integers: 4 * Math.min(rowCount, SCANNED_ROWS) * filledUp(queries),
      ...{ bits: 8 * words * (rowCount + 3), queryBits: 8 * words * queries },
    } satisfies Record<BlockRegion, number>)
    this.room = { rowCount, dim, queries }
  }

  /** To be called once nothing is asked of these kernels any more. */
  close(): void {
    if (this.buffer.byteLength <= MOST_SPARE_BYTES) spare = this.workplace
  }

  get buffer(): ArrayBuffer {
    return this.workplace.memory.buffer
  }

  floats(region: Region, length: number, from = 0): Float32Array<ArrayBuffer> {
    return new Float32Array(this.buffer, this.start(region) + from, length)
  }

  integers(region: Region, length: number, from = 0): Int32Array<ArrayBuffer> {
    return new Int32Array(this.buffer, this.start(region) + from, length)
  }

  bytes(region: Region, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.buffer, this.start(region), length)
  }

  /** The address of a region. */
  start(region: Region): number {
    return this.starts.get(region) as number
  }

  private fixedSizes(): Record<FixedRegion, number> {
    const { configs, queries, rows } = this.search.lists
    const perQuery = 4 * configs * filledUp(queries)
    const perFound = 4 * (rows + LIST_SPILL)
    const groups = GROUP_BYTES * (Math.max(SCANNED_ROWS, filledUp(queries)) / SCANNED_AT_ONCE + 1)
    return {
      orders: packedOrders().length,
      ...{ sideRows: perFound, sideScores: perFound, sideCount: 4, buckets: Math.max(perFound, groups) },
      ...{ listCounts: perQuery, listFloors: perQuery, listScales: perQuery },
      ...{ ownReached: SHARES * perQuery, otherReached: SHARES * perQuery },
      ...{ tallies: configs * queries * TALLY_BYTES, lists: configs * queries * listBytes(rows) },
    }
  }

  /** Regions one after the other; where the last one ends. */
  private lay(from: number, sizes: Partial<Record<Region, number>>): number {
    let at = from
    for (const [region, size] of Object.entries(sizes)) {
      this.starts.set(region as Region, at)
      at = Math.ceil((at + size + 2 * SPILL) / 64) * 64
    }
    const { memory } = this.workplace
    const pages = Math.ceil(at / PAGE) - memory.buffer.byteLength / PAGE
    if (pages > 0) memory.grow(pages)
    return at
  }
}

/** A number of rows or queries, up to a whole number of vectors that `scan` takes at once. */
export function filledUp(count: number): number {
  return Math.ceil(count / SCANNED_AT_ONCE) * SCANNED_AT_ONCE
}
