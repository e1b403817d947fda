import { describe, expect, it } from 'vitest'
import { composePairRecipe, type RerankerFacts } from './pair-recipe.ts'

const CLASSIFIER: RerankerFacts = {
  isCausal: false,
  labelCount: 1,
  activation: null,
  maxTokens: 128,
  positions: 512,
  vocabulary: 100,
}
const CAUSAL: RerankerFacts = { ...CLASSIFIER, isCausal: true, labelCount: null, positions: null }
const template = { prefix: 'p', middle: '{query}{document}', suffix: 's' }
const of = (facts: RerankerFacts, patch: Parameters<typeof composePairRecipe>[1]['patch'] = {}) =>
  composePairRecipe('m', { facts, card: null, patch })

describe("a reranker's recipe", () => {
  it.each([
    [null, 'sigmoid'],
    ['sigmoid', 'sigmoid'],
    ['identity', 'logit'],
  ])('reads the activation %s as the head %s', (activation, head) => {
    expect(of({ ...CLASSIFIER, activation })).toMatchObject({ head, maxTokens: 128 })
  })

  it('guesses no head for another activation', () => {
    expect(() => of({ ...CLASSIFIER, activation: 'tanh' })).toThrow(/head \(its config names the activation tanh\)/)
    expect(of({ ...CLASSIFIER, activation: 'tanh' }, { head: 'logit' }).head).toBe('logit')
  })

  it('takes no more tokens than there are positions', () => {
    expect(of(CLASSIFIER, { maxTokens: 512 }).maxTokens).toBe(512)
    expect(() => of(CLASSIFIER, { maxTokens: 513 })).toThrow(/the model has 512 positions/)
  })

  it('names all mistakes of a template at once', () => {
    const head = 'yes-no'
    expect(of(CAUSAL, { head, template }).template).toEqual(template)
    const wrong = { prefix: '{instruction}', middle: '{qury}{query}{document}', suffix: 's' }
    expect(() => of(CAUSAL, { head, template: wrong, instruction: 'find' })).toThrow(
      /holds \{qury\}.*suffix holds \{instruction\}.*has no \{instruction\}/s,
    )
  })
})
