import { describe, expect, it } from 'vitest'
import { scoreSts } from './sts.ts'

const up = [1, 2, 3, 4]
const down = [4, 3, 2, 1]

describe('scoreSts', () => {
  it('writes the eight keys in the order of MTEB', () => {
    const scores = { similarity: up, cosine: down, manhattan: [1, 1, 1, 1], euclidean: up }
    const { metrics } = scoreSts({ gold: [0, 1, 2, 5], minScore: 0, maxScore: 5, scores })
    expect(Object.entries(metrics)).toEqual([
      ['pearson', 0.956183], // 8 / sqrt(14 * 5)
      ['spearman', 1],
      ['cosine_pearson', -0.956183],
      ['cosine_spearman', -1],
      ['manhattan_pearson', null],
      ['manhattan_spearman', null],
      ['euclidean_pearson', 0.956183],
      ['euclidean_spearman', 1],
    ])
  })

  it('names every mistake', () => {
    const scores = { similarity: up, cosine: [1], manhattan: up, euclidean: up }
    const attempt = () => scoreSts({ gold: [0, Number.NaN, 2, 5], minScore: 5, maxScore: 5, scores })
    expect(attempt).toThrow(/4 gold scores but 1 cosine scores.*range 5 to 5 is empty.*pair 1 is NaN/)
  })
})
