import { describe, expect, it } from 'vitest'
import { readPerQuery, readRun, writePerQuery, writeRun } from './run-file.ts'

describe('ranked run', () => {
  it('gives back ids of any characters and every float32 score bit for bit', () => {
    const scores = Float32Array.of(0.1, 1 / 3, 1.17549435e-38, 1e-45, -16777217, 3.4028234e38)
    const documentIds = ['a b', '"', '\u2028', '\n', '\u{1f600}', '']
    const run = {
      queryIds: ['q1', 'empty'],
      lists: [
        { documentIds, scores },
        { documentIds: [], scores: new Float32Array(0) },
      ],
    }
    expect(readRun(writeRun(run))).toEqual(run)
  })

  it('refuses other bytes', () => {
    expect(() => readRun(Buffer.from('no gzip'))).toThrow('SB-ART-002')
    expect(() => readPerQuery(Buffer.from('{"version":2}'))).toThrow('SB-ART-002')
    expect(() => readPerQuery(Buffer.from('{"version":1,"queryIds":["q"],"values":{"mrr":["1"]}}'))).toThrow('SB-ART-002')
  })

  it('keeps per-query scores unrounded', () => {
    const file = { queryIds: ['q1', 'q2'], values: { mrr_at_10: Float64Array.of(1 / 3, 0) } }
    expect(readPerQuery(writePerQuery(file))).toEqual(file)
  })
})
