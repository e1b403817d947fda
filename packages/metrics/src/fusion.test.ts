import { describe, expect, it } from 'vitest'
import { alignLists, type FusionMethod, fuseLists } from './fusion.ts'
import { fitWeights } from './fusion-weights.ts'

const A = { documentIds: ['d1', 'd2', 'd3'], scores: Float64Array.of(30, 20, 10) }
const B = { documentIds: ['d3', 'd4'], scores: Float64Array.of(0.9, 0.1) }

function fused(method: FusionMethod, weights: readonly number[]): Record<string, number> {
  const { documentIds, scores } = fuseLists(alignLists([A, B], method), weights)
  return Object.fromEntries(documentIds.map((id, i) => [id, scores[i] as number]))
}

describe('fuseLists', () => {
  it('adds reciprocal ranks; a list gives nothing to what it lacks', () => {
    const found = fused({ kind: 'rrf', k: 60 }, [1, 1])
    expect(found.d1).toBeCloseTo(1 / 61, 15)
    expect(found.d3).toBeCloseTo(1 / 63 + 1 / 61, 15)
    expect(found.d4).toBeCloseTo(1 / 62, 15)
  })

  it('ranks equal scores by id, descending', () => {
    const tied = alignLists([{ documentIds: ['a', 'b'], scores: Float64Array.of(1, 1) }], { kind: 'rrf', k: 0 })
    expect(Array.from(tied.contributions[0] ?? [])).toEqual([1 / 2, 1])
  })

  it('adds weighted scores, each list mapped to [0, 1]', () => {
    expect(fused({ kind: 'weighted', normalisation: 'minmax' }, [0.25, 0.75])).toEqual({ d1: 0.25, d2: 0.125, d3: 0.75, d4: 0 })
    expect(fused({ kind: 'weighted', normalisation: 'none' }, [0.5, 10])).toEqual({ d1: 15, d2: 10, d3: 14, d4: 1 })
  })

  it('gives a missing document the lowest standardised score of the list', () => {
    const found = fused({ kind: 'weighted', normalisation: 'zscore' }, [1, 1])
    expect(found.d1).toBeCloseTo(Math.sqrt(1.5) - 1, 12)
    expect(found.d3).toBeCloseTo(-Math.sqrt(1.5) + 1, 12)
    expect(found.d4).toBeCloseTo(-Math.sqrt(1.5) - 1, 12)
  })

  it('knows lists of one score and of none', () => {
    const one = { documentIds: ['a'], scores: Float64Array.of(7) }
    const none = { documentIds: [], scores: new Float64Array(0) }
    for (const [normalisation, value] of [
      ['minmax', 1],
      ['zscore', 0],
    ] as const) {
      const method = { kind: 'weighted', normalisation } as const
      expect(Array.from(fuseLists(alignLists([one, none], method), [1, 1]).scores)).toEqual([value])
    }
  })
})

describe('fitWeights', () => {
  it.each([2, 3, 4, 6])('finds the best weights of %i runs', (runCount) => {
    const wanted = Array.from({ length: runCount }, (_, i) => (i === 0 ? 0.6 : 0.4 / (runCount - 1)))
    const worth = (weights: readonly number[]) =>
      -weights.reduce((sum, weight, i) => sum + (weight - (wanted[i] as number)) ** 2, 0)
    const found = fitWeights(runCount, worth)
    expect(found.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12)
    found.weights.forEach((weight, i) => {
      expect(Math.abs(weight - (wanted[i] as number))).toBeLessThan(0.07)
    })
  })

  it('keeps equal weights where nothing makes a difference', () => {
    expect(fitWeights(3, () => 1).weights).toEqual([1 / 3, 1 / 3, 1 / 3])
  })
})
