import { describe, expect, it } from 'vitest'
import { KernelRows } from './kernel-rows.ts'
import { Representation } from './representation.ts'
import { RowKernels } from './row-kernels.ts'
import { torchLengths } from './row-length.ts'

const { fround } = Math
const ROWS = 11
const DIM = 43

function rows(seed: number) {
  const values = Float32Array.from({ length: ROWS * DIM }, (_, i) => Math.sin(seed + i * i) * 3)
  values.fill(0, 2 * DIM, 3 * DIM) // a row of zeros
  for (let row = 0; row < ROWS; row++) values[row * DIM + 1] = 0.25 // a column of one single value
  return { values, rowCount: ROWS, dim: DIM }
}

const prefixes = Array.from({ length: DIM }, (_, i) => i + 1)

/** The first columns, by one float32 division a value. */
function sliced(matrix: ReturnType<typeof rows>, dim: number): Float32Array {
  const lengths = torchLengths(matrix, dim)
  return Float32Array.from({ length: ROWS * dim }, (_, i) => {
    const [row, column] = [Math.floor(i / dim), i % dim]
    return fround((matrix.values[row * DIM + column] as number) / Math.max(lengths[row] as number, fround(1e-12)))
  })
}

describe('KernelRows', () => {
  const kernels = new RowKernels()
  const matrix = rows(7)

  it('normalises every prefix bit for bit as plain float32 arithmetic does', () => {
    // each by itself, all at once, and some at once
    for (const together of [undefined, prefixes, [8, 9, 31, 40]]) {
      const own = new KernelRows(kernels, matrix, 1, together)
      for (const dim of prefixes) expect([...own.slice(dim, true).values]).toEqual([...sliced(matrix, dim)])
    }
  })

  it('codes every prefix as the int8 range does, and knows the length of each row of codes', () => {
    const own = new KernelRows(kernels, matrix, 1)
    for (const dimensions of prefixes) {
      const representation = new Representation({ dimensions, precision: 'int8', similarity: 'cosine' }, DIM)
      representation.range?.widen({ values: sliced(matrix, dimensions), rowCount: 5, dim: dimensions }) // values beyond it too
      const wanted = { values: sliced(matrix, dimensions), rowCount: ROWS, dim: dimensions }
      representation.range?.encode(wanted)
      const { values, factors } = own.operand(representation)
      expect(Array.from(values, (code) => code - 128)).toEqual(Array.from(wanted.values, (code) => code + 0))
      const lengths = Array.from(torchLengths(wanted), (length) => fround(1 / Math.max(length, fround(1e-12))))
      expect([...(factors ?? [])]).toEqual(lengths)
    }
  })

  it('codes values on and beside every step as the int8 range does, whatever the range', () => {
    const [dim, rowCount] = [64, 3000]
    const values = new Float32Array(rowCount * dim)
    const range = (column: number) => {
      const size = 10 ** ((column % 16) - 8) // from ranges of next to nothing to wide ones
      const offset = column % 3 === 0 ? 0 : column % 3 === 1 ? size * 1000 : -size * 30_000
      return column % 11 === 5 ? { least: 0.25, most: 0.25 } : { least: offset - size, most: offset + size }
    }
    for (let i = 0; i < values.length; i++) {
      const [row, { least, most }] = [Math.floor(i / dim), range(i % dim)]
      const step = (most - least) / 255
      const beside = [0, 1e-7, -1e-7, 1e-4, -1e-4, 0.3][row % 6] as number
      values[i] = row === 0 ? least : row === 1 ? most : least + step * (((row * 7 + i) % 300) - 20 + beside)
    }
    values.set([3e18, -3e18, 1e-38, 0], 7 * dim)
    for (const similarity of ['dot', 'cosine'] as const) {
      const representation = new Representation({ dimensions: null, precision: 'int8', similarity }, dim)
      const matrix = { values, rowCount, dim }
      const own = new KernelRows(kernels, matrix, 1)
      const wanted = { values: own.slice(dim, similarity === 'cosine').values.slice(), rowCount, dim }
      representation.range?.widen({ ...wanted, rowCount: 900 })
      representation.range?.encode(wanted)
      const codes = Uint8Array.from(wanted.values, (code) => code + 128)
      expect(Buffer.compare(codes, own.operand(representation).values as Uint8Array)).toBe(0)
    }
  })

  it('widens a range as the int8 range does, by the first rows only', () => {
    for (const dimensions of prefixes) {
      const config = { dimensions, precision: 'int8', similarity: 'cosine' } as const
      const [own, plain] = [new Representation(config, DIM), new Representation(config, DIM)]
      const left = 10_000 - ROWS - 3
      for (const { range } of [own, plain])
        range?.widen({ values: new Float32Array(left * dimensions), rowCount: left, dim: dimensions })
      for (const seed of [3, 4]) {
        new KernelRows(kernels, rows(seed), 1).widen(own)
        plain.range?.widen({ values: sliced(rows(seed), dimensions), rowCount: ROWS, dim: dimensions })
      }
      expect(own.range).toEqual(plain.range)
      expect(own.range?.rowsLeft).toBe(0)
    }
  })

  it('takes the signs of every prefix, zero as -1', () => {
    const own = new KernelRows(kernels, matrix, 1)
    for (const dimensions of prefixes) {
      const { values } = own.operand(new Representation({ dimensions, precision: 'binary', similarity: 'cosine' }, DIM))
      const wanted = Array.from({ length: ROWS * dimensions }, (_, i) => {
        const value = matrix.values[Math.floor(i / dimensions) * DIM + (i % dimensions)] as number
        return value > 0 ? 129 : 127
      })
      expect([...values]).toEqual(wanted)
    }
  })

  it('names the first row that is not finite', () => {
    const spoilt = rows(9)
    spoilt.values[4 * DIM + 40] = Number.NaN
    expect(new KernelRows(kernels, spoilt, 1).firstNonFinite()).toBe(4)
  })
})
