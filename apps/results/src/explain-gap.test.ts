import { describe, expect, it } from 'vitest'
import { explainGap, isTelling, type SampleScores, sayExplanation } from './explain-gap.ts'

/** A sample whose queries all score `score`, give or take `spread` in turns. */
function sample(score: number, spread = 0, count = 40): SampleScores {
  const perQuery = new Map(Array.from({ length: count }, (_, i) => [`test default ${i}`, score + (i % 2 ? spread : -spread)]))
  return { score, perQuery }
}

const variant = (part: string, scores: SampleScores | null) => ({ part, change: 'x', scores, failure: scores ? null : 'no' })

describe('what explains a gap', () => {
  it('ranks by the share of the gap that goes; overshooting explains less than hitting', () => {
    const effects = explainGap(
      sample(0.5),
      [
        variant('worse', sample(0.45)),
        variant('refused', null),
        variant('double', sample(0.7)),
        variant('half', sample(0.55)),
        variant('all', sample(0.6)),
      ],
      0.1,
    )
    expect(effects.map(({ part }) => part)).toEqual(['all', 'half', 'double', 'worse', 'refused'])
    expect(effects.map(({ explained }) => explained && Math.round(explained * 100))).toEqual([100, 50, 0, -50, null])
    expect(sayExplanation(effects, 0.1)).toMatch(/^The all explains 100 % of the gap of 0\.10000: x/)
  })

  it('works for a gap in the other direction, and says where nothing explains it', () => {
    const effects = explainGap(sample(0.5), [variant('a', sample(0.41)), variant('b', sample(0.5))], -0.1)
    expect(effects[0]).toMatchObject({ part: 'a', explained: expect.closeTo(0.9, 9) })
    expect(sayExplanation(explainGap(sample(0.5), [variant('b', sample(0.51))], 0.1), 0.1)).toMatch(/^No single part/)
    expect(sayExplanation([], 0.1)).toMatch(/^No single part/)
  })

  it('a sample tells when every effect is known to half the gap', () => {
    const wide = explainGap(sample(0.5), [variant('a', sample(0.6, 0.5))], 0.1)
    const narrow = explainGap(sample(0.5), [variant('a', sample(0.6, 0.05))], 0.1)
    expect(isTelling(wide, 0.1)).toBe(false)
    expect(isTelling(narrow, 0.1)).toBe(true)
    const withoutQueries = { score: 0.6, perQuery: null }
    expect(isTelling(explainGap(sample(0.5), [variant('a', withoutQueries)], 0.1), 0.1)).toBe(false)
  })
})
