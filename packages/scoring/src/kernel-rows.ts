import type { Int8Range } from './int8-range.ts'
import type { KernelRoom } from './kernel-memory.ts'
import type { Matrix } from './product.ts'
import type { Representation } from './representation.ts'
import type { RowKernels } from './row-kernels.ts'
import { SMALLEST_LENGTH } from './row-length.ts'
import type { PackedColumns } from './sign-words.ts'

/**
 * Rows as one config multiplies them: float32 values, or codes + 128 in bytes. The score of two rows is their product
 * (of the codes, without the 128) times the factor of each.
 */
export interface Operand {
  readonly values: Float32Array | Uint8Array
  readonly rowCount: number
  readonly dim: number
  /** `[rowCount]`; null where every factor is 1. */
  readonly factors: Float32Array | null
}

/** The rows of one block in the memory of the kernels, and what configs make of them. Only the latest of these is valid. */
export class KernelRows {
  private readonly kernels: RowKernels
  private readonly room: KernelRoom
  private readonly prefixes: readonly number[]
  private readonly known = new Map<number, Float32Array>()

  /** `prefixes`: distinct, ascending numbers of columns whose lengths will be wanted, taken together. */
  constructor(kernels: RowKernels, { values, rowCount, dim }: Matrix, queries: number, prefixes: readonly number[] = [dim]) {
    this.kernels = kernels
    this.prefixes = prefixes
    this.room = { rowCount, dim, queries }
    kernels.reserve(this.room)
    kernels.floats('rows', rowCount * dim).set(values.subarray(0, rowCount * dim))
  }

  get rowCount(): number {
    return this.room.rowCount
  }

  /** First row with a value that is not finite (or whose squares overflow, when products could too), or -1. */
  firstNonFinite(): number {
    return this.lengths(this.room.dim).findIndex((length) => !Number.isFinite(length))
  }

  /** Widens the range of an int8 config. */
  widen({ config, dim, range }: Representation): void {
    if (range === null || range.rowsLeft === 0) return
    const { kernels, room } = this
    this.slice(dim, config.similarity === 'cosine')
    const [min, max] = [kernels.floats('min', dim), kernels.floats('width', dim)]
    min.set(range.min)
    max.set(range.max)
    const rowCount = Math.min(room.rowCount, range.rowsLeft)
    kernels.widen(rowCount, dim)
    range.adopt({ min, max, rowCount })
  }

  /** What a config makes of the rows, as views of the kernels' memory: valid until the next call. */
  operand({ config, dim, range }: Representation): Operand {
    const { kernels, room } = this
    const { rowCount } = room
    if (config.precision === 'binary') {
      kernels.signs(room, dim)
      return { values: kernels.bytes('codes', rowCount * dim), rowCount, dim, factors: null }
    }
    const isCosine = config.similarity === 'cosine'
    if (range === null) return { ...this.slice(dim, isCosine), factors: null }
    this.encode(range, dim, isCosine)
    const factors = isCosine ? inverses(kernels.floats('lengths', rowCount)) : null
    return { values: kernels.bytes('codes', rowCount * dim), rowCount, dim, factors }
  }

  /** `[rowCount]` length of the whole row / length of its first `prefix` columns. */
  factors(prefix: number): Float32Array {
    const [whole, own] = [this.lengths(this.room.dim), this.lengths(prefix)]
    const factors = new Float32Array(whole.length)
    for (let row = 0; row < factors.length; row++) {
      factors[row] = atLeastSmallest(whole[row] as number) / atLeastSmallest(own[row] as number)
    }
    return factors
  }

  /**
   * The columns from `from` to before `to` of the rows, which are normalised as a whole or as they are. Those before `from`, if they were
   * asked for last, stay valid: each column has a place of its own.
   */
  columns(from: number, to: number, normalised: boolean): Matrix {
    const { kernels, room } = this
    const { rowCount, dim } = room
    this.writeDivisors(dim, normalised)
    kernels.divide(room, from, to)
    return { values: kernels.floats('slice', rowCount * to).subarray(rowCount * from), rowCount, dim: to - from }
  }

  /** Signs as words, a view of the kernels' memory. */
  signs(columns: readonly PackedColumns[]): Uint8Array {
    for (const packed of columns) this.kernels.pack(this.room, packed)
    return this.kernels.bytes('bits', 8 * columns.length * this.room.rowCount)
  }

  /** The first `dim` columns, normalised or as they are. */
  slice(dim: number, normalised: boolean): Matrix {
    const { kernels, room } = this
    this.writeDivisors(dim, normalised)
    kernels.divide(room, 0, dim)
    return { values: kernels.floats('slice', room.rowCount * dim), rowCount: room.rowCount, dim }
  }

  private encode(range: Int8Range, dim: number, normalised: boolean): void {
    this.writeDivisors(dim, normalised)
    this.kernels.floats('min', dim).set(range.min)
    this.kernels.floats('width', dim).set(range.width)
    this.kernels.encode(this.room, dim)
  }

  private writeDivisors(dim: number, normalised: boolean): void {
    const divisors = normalised ? this.lengths(dim) : null // before there is a view of the memory that they use
    const lengths = this.kernels.floats('lengths', this.room.rowCount)
    if (divisors) lengths.set(divisors)
    else lengths.fill(1)
  }

  private lengths(prefix: number): Float32Array {
    const known = this.known.get(prefix)
    if (known) return known
    const wanted = this.prefixes.includes(prefix) ? this.prefixes : [prefix]
    const found = this.kernels.lengths(this.room, wanted)
    wanted.forEach((own, i) => {
      this.known.set(own, found[i] as Float32Array)
    })
    return this.lengths(prefix)
  }
}

/** 1 / each, in float32. */
function inverses(lengths: Float32Array): Float32Array {
  const inverses = new Float32Array(lengths.length)
  for (let row = 0; row < lengths.length; row++) inverses[row] = 1 / atLeastSmallest(lengths[row] as number)
  return inverses
}

function atLeastSmallest(length: number): number {
  return Math.max(length, SMALLEST_LENGTH)
}
