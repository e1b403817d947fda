import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SweepError } from '@sweepboard/contracts'
import { evaluateTrec, parseTrecQrels, parseTrecRun } from '@sweepboard/metrics'
import { describe, expect, it } from 'vitest'
import { asMeasureError, readTrecQrels, readTrecRun } from './trec-file.ts'

function refusal(...measures: string[]): unknown {
  try {
    return evaluateTrec(parseTrecRun('', 'run'), parseTrecQrels('q1 0 d1 1', 'qrels'), measures)
  } catch (thrown) {
    return asMeasureError(thrown)
  }
}

describe('measures that trec_eval does not have', () => {
  it.each([
    ['mapp', 'map'],
    ['recal.5', 'recall.5'],
    ['ndcg_at_10', 'ndcg_cut.10'],
    ['precision@3', 'P.3'],
    ['zzzzzzzzzz', undefined],
  ])('%s: did you mean %s', (name, suggestion) => {
    const known = expect.stringContaining('ndcg_cut[.K]')
    expect(refusal('map', name)).toMatchObject({ code: 'SB-SCORE-006', details: { unknown: name, known, suggestion } })
  })
  it('leaves other failures as they are', () => {
    const other = new RangeError('another')
    expect(asMeasureError(other)).toBe(other)
  })
})

describe('a TREC file with a byte order mark', () => {
  it('has it outside the first id', () => {
    const folder = mkdtempSync(join(tmpdir(), 'trec-'))
    try {
      const [run, qrels] = [join(folder, 'run.trec'), join(folder, 'qrels.txt')]
      writeFileSync(run, '\uFEFFq1 Q0 d1 1 0.5 t\n')
      writeFileSync(qrels, '\uFEFFq1 0 d1 1\n')
      expect(evaluateTrec(readTrecRun(run), readTrecQrels(qrels), ['map']).all).toMatchObject({ num_q: 1, map: 1 })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('a TREC file that is wrong throughout', () => {
  it('counts all mistakes and lists the first 50', () => {
    const folder = mkdtempSync(join(tmpdir(), 'trec-'))
    try {
      const file = join(folder, 'run.trec')
      writeFileSync(file, 'q1 d1 0.5\n'.repeat(300))
      let thrown: unknown
      try {
        readTrecRun(file)
      } catch (error) {
        thrown = error
      }
      expect(thrown).toMatchObject({ code: 'SB-SCORE-003', message: expect.stringContaining('(and 299 more)') })
      expect((thrown as SweepError).mistakes.map(({ line }) => line)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
