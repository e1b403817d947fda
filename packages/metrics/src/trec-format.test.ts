import { describe, expect, it } from 'vitest'
import { parseTrecQrels, parseTrecRun } from './trec-format.ts'

describe('parseTrecRun', () => {
  it('reads fields, skips comments and blank lines, ignores what follows the run id', () => {
    const { runId, queries } = parseTrecRun(
      '# comment\n\nq1 Q0 d#1 1 2.5e-1 first\r\n  q2\tQ0\td\u00a02 7 -inf last more junk',
      'run',
    )
    expect(runId).toBe('last')
    expect([...queries]).toEqual([
      ['q1', { documentIds: ['d#1'], scores: Float64Array.of(0.25) }],
      ['q2', { documentIds: ['d\u00a02'], scores: Float64Array.of(Number.NEGATIVE_INFINITY) }],
    ])
    expect(parseTrecRun('', 'run')).toEqual({ runId: null, queries: new Map() })
  })

  it('reports every mistake with its line', () => {
    const text = 'q1 Q0 d1 1 0.5 run\n# comment\nq1 Q0 d1 2 0.4 run\nq1 Q0 d2 3 nan run\nq1 Q0 d3 4 0x10\nq1 Q0 d4 5 1,5 run'
    const mistakes = [
      { file: 'a.run', line: 3, message: 'document d1 was already listed for query q1' },
      { file: 'a.run', line: 4, message: 'the score "nan" is no number' },
      { file: 'a.run', line: 5, message: 'expected "qid Q0 docno rank score runid", found 5 fields' },
      { file: 'a.run', line: 6, message: 'the score "1,5" is no number' },
    ]
    expect(() => parseTrecRun(text, 'a.run')).toThrow(expect.objectContaining({ name: 'TrecFormatError', mistakes }))
  })

  it('shows five mistakes and counts the rest', () => {
    const expected = /^(bad:\d: expected [^;]+; ){4}bad:5: .* \(and 3 more\)$/
    expect(() => parseTrecRun('x\n'.repeat(8), 'bad')).toThrow(expected)
  })
})

describe('parseTrecQrels', () => {
  it('reads grades of either sign', () => {
    expect(parseTrecQrels('q1 0 d1 2\nq1 0 d2 -1\n', 'qrels')).toEqual(
      new Map([
        [
          'q1',
          new Map([
            ['d1', 2],
            ['d2', -1],
          ]),
        ],
      ]),
    )
  })

  it('reports every mistake with its line', () => {
    const mistakes = [
      { file: 'qrels', line: 1, message: 'the grade "1.5" is no 32-bit integer' },
      { file: 'qrels', line: 2, message: 'expected "qid iter docno grade", found 5 fields' },
      { file: 'qrels', line: 4, message: 'document d2 was already judged for query q' },
      { file: 'qrels', line: 5, message: 'the grade "99999999999" is no 32-bit integer' },
    ]
    const text = 'q 0 d1 1.5\nq 0 d1 1 more\nq 0 d2 1\nq 0 d2 0\nq 0 d3 99999999999'
    expect(() => parseTrecQrels(text, 'qrels')).toThrow(expect.objectContaining({ mistakes }))
  })
})
