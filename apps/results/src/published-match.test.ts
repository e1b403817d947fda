import { describe, expect, it } from 'vitest'
import { publishedOf } from './published-match.ts'

const score = (model: string, value: number) => ({ id: value, model, revision: 'r', score: value })
const SCORES = [
  score('local/e5', 0.1),
  score('intfloat/e5', 0.2),
  score('sentence-transformers/MiniLM', 0.3),
  score('a/x', 0.4),
  score('b/x', 0.5),
]

describe('the imported score of a model', () => {
  it.each([
    ['a/x', 0.4, 'by its whole name'],
    ['local/e5', 0.1, 'by its whole name, local or not'],
    ['local/minilm', 0.3, 'by the last name of a folder'],
    ['other/MiniLM', undefined, 'not by the last name of a model with an owner'],
    ['local/x', undefined, 'not where two owners have one of that name'],
    ['local/none', undefined, 'not where there is none'],
  ])('%s is found: %s, %s', (model, value, _what) => {
    expect(publishedOf(model, SCORES)?.score).toBe(value)
  })
})
