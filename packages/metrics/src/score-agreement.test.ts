import { expect, it } from 'vitest'
import { scoreAgreement } from './score-agreement.ts'

it('is 1 in every part where B is a rising line of A', () => {
  const a = [0.1, 0.5, 0.3]
  const found = scoreAgreement([
    { queryId: 'q1', a, b: a.map((score) => 2 * score + 1) },
    { queryId: 'q2', a: [0.2, 0.9], b: [1.4, 2.8] },
  ])
  for (const part of [found.pearson, found.spearman, found.kendall, found.top1, found.composite]) expect(part).toBeCloseTo(1, 12)
  expect(found).toMatchObject({ queryCount: 2, pairCount: 5 })
  expect(found.difference.max).toBeCloseTo(1.9, 12)
})

it('takes Kendall within queries, and the composite as the mean of four', () => {
  const found = scoreAgreement([
    { queryId: 'q1', a: [3, 2, 1], b: [1, 2, 3] },
    { queryId: 'q2', a: [13, 12, 11], b: [13, 12, 11] },
    { queryId: 'alone', a: [5], b: [5] },
  ])
  expect(found.kendall).toBe(0) // -1 and 1; a single document has no order
  expect(found.top1).toBeCloseTo(2 / 3, 12)
  expect(found.composite).toBeCloseTo((found.pearson + found.spearman + found.kendall + found.top1) / 4, 12)
})

it('has no composite where one scorer gives one score', () => {
  expect(scoreAgreement([{ queryId: 'q', a: [1, 1], b: [1, 2] }]).composite).toBeNaN()
})
