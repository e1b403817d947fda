import { expect, it } from 'vitest'
import { hasTypes, ownMean } from './board-means.ts'

it('is over the tasks a row has, and none where a row has all or none', () => {
  expect(ownMean({ mean: null, scores: { A: 0.25, B: 0.75 } })).toBe(0.5)
  expect(ownMean({ mean: 0.5, scores: { A: 0.5 } })).toBeNull()
  expect(ownMean({ mean: null, scores: {} })).toBeNull()
})

it('knows tasks of several types from those of one, and of unknown type', () => {
  expect(hasTypes({ tasks: ['A', 'B'], types: { A: 'STS', B: 'Retrieval' } })).toBe(true)
  expect(hasTypes({ tasks: ['A', 'B'], types: { A: 'STS', B: 'STS' } })).toBe(false)
  expect(hasTypes({ tasks: ['A', 'B', 'C'], types: { A: 'STS', B: 'Retrieval' } })).toBe(false)
})
