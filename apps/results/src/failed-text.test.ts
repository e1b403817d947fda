import { Judgments } from '@sweepboard/contracts'
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
const read = (digest: string) => (digest === 'there' ? Buffer.from(JSON.stringify(judgments)) : null)

function failedCell(details: Readonly<Record<string, number>>, changes: Partial<CellView> = {}): CellView {
  return {
    task: 'Mine',
    judgments: 'there',
    evidence: { score: null, query: { encoding: 7 }, document: { encoding: 8 } },
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
