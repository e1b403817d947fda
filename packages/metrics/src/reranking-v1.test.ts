import { describe, expect, it } from 'vitest'
import { scoreRerankingV1 } from './reranking-v1.ts'

describe('scoreRerankingV1', () => {
  it('drops samples with an empty side and cuts the reciprocal rank at 10', () => {
    const late = { relevant: [true, ...Array(10).fill(false)], scores: Float64Array.from({ length: 11 }, (_, i) => i) }
    const { metrics, kept, perSample } = scoreRerankingV1([
      { relevant: [true, false, true], scores: Float64Array.of(3, 2, 1) },
      { relevant: [true], scores: Float64Array.of(1) },
      { relevant: [false], scores: Float64Array.of(1) },
      late,
    ])
    expect(kept).toEqual([0, 3])
    expect([...perSample.mrr]).toEqual([1, 0])
    expect(metrics.mrr).toBe(0.5)
    expect(metrics.map).toBe(0.462121) // (5/6 + 1/11) / 2
    expect(Object.keys(metrics)).toHaveLength(8)
  })

  it('is undefined when no sample is left', () => {
    expect(Object.values(scoreRerankingV1([]).metrics)).toEqual(Array(8).fill(null))
  })

  it('refuses scores that do not match', () => {
    expect(() => scoreRerankingV1([{ relevant: [true, false], scores: Float64Array.of(1) }])).toThrow('2 candidates but 1 scores')
    expect(() => scoreRerankingV1([{ relevant: [true], scores: Float64Array.of(Number.NaN) }])).toThrow('is NaN')
  })
})
