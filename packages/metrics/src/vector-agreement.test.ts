import { describe, expect, it } from 'vitest'
import { neighbourAgreement } from './neighbour-agreement.ts'
import { type Rows, vectorAgreement } from './vector-agreement.ts'

function rows(...vectors: readonly (readonly number[])[]): Rows {
  return { rowCount: vectors.length, dim: vectors[0]?.length ?? 0, values: Float32Array.from(vectors.flat()) }
}

describe('vectorAgreement', () => {
  it('gives cosine, distance and norms text by text', () => {
    const { cosines, cosine, distance, norms } = vectorAgreement(rows([3, 4], [1, 0], [0, 2]), rows([6, 8], [0, 1], [0, -2]))
    expect(Array.from(cosines)).toEqual([1, 0, -1])
    expect([cosine.min, cosine.max, cosine.mean]).toEqual([-1, 1, 0])
    expect([distance.min, distance.max]).toEqual([Math.SQRT2, 5])
    expect([norms.a.max, norms.b.max]).toEqual([5, 10])
  })

  it('has a rule for vectors of zeros, and none for other dimensions', () => {
    expect(Array.from(vectorAgreement(rows([0, 0], [0, 0]), rows([0, 0], [1, 0])).cosines)).toEqual([1, 0])
    expect(() => vectorAgreement(rows([1, 0]), rows([1, 0, 0]))).toThrow(RangeError)
  })
})

describe('neighbourAgreement', () => {
  const fan = (...degrees: number[]) =>
    rows(...degrees.map((d) => [Math.cos((d * Math.PI) / 180), Math.sin((d * Math.PI) / 180)]))

  it('is whole where all vectors are turned or stretched alike', () => {
    const a = fan(0, 11, 25, 44, 70)
    const b = fan(30, 41, 55, 74, 100)
    const found = neighbourAgreement({ texts: a, targets: null }, { texts: b, targets: null })
    expect(found.spearman).toBeCloseTo(1, 12)
    expect(found.kendall).toBeCloseTo(1, 12)
    expect(found).toMatchObject({ top1: 1, top10: 1, rankingCount: 5, rankedCount: 4 })
  })

  it('counts changed neighbours of queries among documents', () => {
    const queries = fan(0, 90)
    const a = { texts: queries, targets: fan(10, 20, 60) }
    const b = { texts: queries, targets: fan(20, 10, 60) }
    const found = neighbourAgreement(a, b)
    // The first query sees documents 0 and 1 swapped: rho = 1/2, tau = 1/3; the second sees the reverse of it.
    expect(found.spearman).toBeCloseTo(0.5, 12)
    expect(found.kendall).toBeCloseTo(1 / 3, 12)
    expect(found).toMatchObject({ top1: 0.5, top10: 1, rankingCount: 2, rankedCount: 3 })
  })

  it('compares the ten nearest where there are more', () => {
    const ahead = Array.from({ length: 20 }, (_, i) => i + 1)
    const shifted = ahead.map((degrees) => (degrees <= 3 ? degrees + 50 : degrees))
    const query = fan(0)
    const found = neighbourAgreement({ texts: query, targets: fan(...ahead) }, { texts: query, targets: fan(...shifted) })
    expect(found).toMatchObject({ top1: 0, top10: 0.7 })
  })

  it('refuses encodings of other texts, and rankings of one', () => {
    expect(() => neighbourAgreement({ texts: fan(1, 2), targets: null }, { texts: fan(1, 2), targets: null })).toThrow(RangeError)
    expect(() => neighbourAgreement({ texts: fan(1, 2, 3), targets: null }, { texts: fan(1, 2), targets: null })).toThrow(
      RangeError,
    )
  })
})
