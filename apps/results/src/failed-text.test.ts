import { Judgments, writePairSet } from '@sweepboard/contracts'
import type { CellView } from '@sweepboard/ledger'
import { describe, expect, it } from 'vitest'
import { nameFailedTexts } from './failed-text.ts'

const judgments = Judgments.parse({
  version: 1,
  queryIds: ['q1'],
  queryRows: [0],
  documentIds: ['d1', 'd2', 'd3'],
  documentRows: [1, 0, 1],
  qrels: [[['d1', 1]]],
  ignoreIdenticalIds: false,
  kinds: null,
})
const pairs = writePairSet({
  queries: 'a'.repeat(64),
  documents: 'b'.repeat(64),
  queryRows: Uint32Array.of(0, 0),
  documentRows: Uint32Array.of(0, 1),
})
const read = (digest: string) => (digest === 'pairs' ? pairs : digest === 'there' ? Buffer.from(JSON.stringify(judgments)) : null)

function failedCell(details: Readonly<Record<string, number>>, changes: Partial<CellView> = {}): CellView {
  return {
    task: 'Mine',
    judgments: 'there',
    evidence: { score: null, query: { encoding: 7 }, document: { encoding: 8 }, pairs: [{ encoding: 20 }, { encoding: 21 }] },
    pairSets: ['gone', 'pairs'],
    failure: { code: 'SB-MODEL-006', kind: 'invalid', message: 'failed', fix: 'repair it', details },
    ...changes,
  } as CellView
}
const messageOf = (cell: CellView) => nameFailedTexts([cell], read)[0]?.failure?.message

describe('nameFailedTexts', () => {
  it('names the ids of the side whose encoding failed, all that share the text', () => {
    expect(messageOf(failedCell({ encoding: 8, text: 1 }))).toBe('failed (document d1, document d3 of Mine)')
    expect(messageOf(failedCell({ encoding: 7, text: 0 }))).toBe('failed (query q1 of Mine)')
  })

  it('names query and document of the pair that failed', () => {
    expect(messageOf(failedCell({ encoding: 21, text: 0 }))).toBe('failed (query q1, document d2 of Mine)')
    expect(messageOf(failedCell({ encoding: 21, text: 1 }))).toBe('failed (query q1, document d1, document d3 of Mine)')
    expect(messageOf(failedCell({ encoding: 20, text: 1 }))).toBe('failed')
  })

  it('leaves alone what no text failed, and what it cannot look up', () => {
    for (const cell of [
      failedCell({ encoding: 8 }),
      failedCell({ encoding: 9, text: 0 }),
      failedCell({ encoding: 8, text: 5 }),
      failedCell({ encoding: 8, text: 1 }, { judgments: 'gone' }),
      failedCell({ encoding: 8, text: 1 }, { failure: null }),
    ])
      expect(nameFailedTexts([cell], read)).toEqual([cell])
  })
})
