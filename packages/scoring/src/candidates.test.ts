import { describe, expect, it } from 'vitest'
import { rankCandidates } from './candidates.ts'

const queries = { values: Float32Array.of(1, 0), rowCount: 1, dim: 2 }
const documents = { values: Float32Array.of(1, 0, 2, 0, 0, 1), rowCount: 3, dim: 2 }
const input = { queries, documents, documentIds: ['a', 'b', 'c'], similarity: 'cosine' } as const

describe('rankCandidates', () => {
  it('ranks candidates only, ties by id descending, an id named twice once', () => {
    const [list] = rankCandidates({ ...input, candidates: [['a', 'b', 'a']] })
    expect(list?.documentIds).toEqual(['b', 'a'])
    expect([...(list?.scores ?? [])]).toEqual([1, 1])
  })

  it('refuses a candidate that is no document, other dimensions, and scores that are not finite', () => {
    expect(() => rankCandidates({ ...input, candidates: [['x']] })).toThrow('SB-SCORE-002')
    expect(() => rankCandidates({ ...input, queries: { ...queries, dim: 1 }, candidates: [['a']] })).toThrow('SB-SCORE-002')
    const broken = { ...documents, values: documents.values.with(0, Number.NaN) }
    expect(() => rankCandidates({ ...input, documents: broken, candidates: [['a']] })).toThrow('SB-SCORE-001')
  })
})
