import { describe, expect, it } from 'vitest'
import { einsumSquares, numpyFloat32Sum, torchSum } from './float32-sums.ts'

/** A value that swallows ones added to it in float32, so that the order of additions shows. */
const BIG = 2 ** 24
const row = (length: number, set: Readonly<Record<number, number>>) => Float32Array.from({ length }, (_, i) => set[i] ?? 1)

describe('numpyFloat32Sum', () => {
  it('is a plain loop below 8 values', () => {
    expect(numpyFloat32Sum(row(7, { 0: BIG }))).toBe(BIG)
    expect(numpyFloat32Sum(row(7, { 6: BIG }))).toBe(BIG + 6)
    expect(numpyFloat32Sum(new Float32Array(0))).toBe(0)
  })

  it('has eight lanes up to 128 values, the rest one by one', () => {
    // lane 0 loses its second value, lanes 1 to 7 are 2 each: BIG + 14; the last 1 then rounds to the even neighbour
    expect(numpyFloat32Sum(row(17, { 0: BIG }))).toBe(BIG + 16)
  })

  it('halves longer rows at a multiple of eight', () => {
    expect(numpyFloat32Sum(row(1000, {}))).toBe(1000)
    // the second half begins at 64: its lane 0 loses 7 values, and the two behind its lanes are lost
    expect(numpyFloat32Sum(row(130, { 64: BIG }))).toBe(BIG + 64 + 56)
  })
})

describe('einsumSquares', () => {
  it('has four lanes and takes blocks of 16 from the back', () => {
    // lane 0 gets 1 (place 12), 1 (8), 1 (4), then 4096²: 3 + 2^24 rounds to 2^24 + 4
    expect(einsumSquares(row(16, { 0: 4096 }))).toBe(BIG + 4 + 4 + 8)
    // the other way round every one is lost
    expect(einsumSquares(row(16, { 12: 4096 }))).toBe(BIG + 4 + 8)
  })

  it('pads what is left', () => {
    expect(einsumSquares(Float32Array.of(3, 4))).toBe(25)
    expect(einsumSquares(row(21, {}))).toBe(21)
    expect(einsumSquares(new Float32Array(0))).toBe(0)
  })
})

describe('torchSum', () => {
  it('deals single values of short rows to four accumulators', () => {
    expect(torchSum(row(7, {}))).toBe(7)
    // accumulator 0 = BIG, then places 4 to 6 one by one (lost), then the three others one by one (lost)
    expect(torchSum(row(7, { 0: BIG }))).toBe(BIG)
    expect(torchSum(row(7, { 3: BIG }))).toBe(BIG + 6)
  })

  it('deals vectors of eight, and adds what is left before the lanes', () => {
    expect(torchSum(row(8 * 70 + 3, {}))).toBe(563)
    expect(torchSum(row(9, { 8: BIG }))).toBe(BIG)
    expect(torchSum(row(9, { 7: BIG }))).toBe(BIG + 8)
  })

  it('spills into the next level after 16 rounds', () => {
    // 16 rounds of four vectors fill level 1; the ones of round 17 then meet an empty level 0 and are not lost
    expect(torchSum(row(32 * 20, { 0: BIG }))).toBe(32 * 20 - 16 + BIG)
  })
})
