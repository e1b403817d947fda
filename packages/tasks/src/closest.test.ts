import { describe, expect, it } from 'vitest'
import { closest, editDistance } from './closest.ts'

describe('editDistance', () => {
  it.each([
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
    ['same', 'same', 0],
    ['ab', 'ba', 2],
  ])('%s to %s takes %i edits', (a, b, edits) => {
    expect(editDistance(a, b)).toBe(edits)
    expect(editDistance(b, a)).toBe(edits)
  })

  it('gives up above the limit and not at it', () => {
    expect(editDistance('kitten', 'sitting', 3)).toBe(3)
    expect(editDistance('kitten', 'sitting', 2)).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('closest', () => {
  const names = ['SciFact', 'SCIDOCS', 'NFCorpus', 'FiQA2018']

  it('finds a mistyped name, whatever its case', () => {
    expect(closest('SciFct', names)).toBe('SciFact')
    expect(closest('scifact', names)).toBe('SciFact')
    expect(closest('nf-corpus', names)).toBe('NFCorpus')
  })

  it('takes the nearest, the earlier of equals', () => {
    expect(closest('abcd', ['abcx', 'abce', 'abcd'])).toBe('abcd')
    expect(closest('abcd', ['abcx', 'abce'])).toBe('abcx')
  })

  it('suggests nothing where nothing is near', () => {
    expect(closest('Wikipedia', names)).toBeNull()
    expect(closest('x', [])).toBeNull()
  })
})
