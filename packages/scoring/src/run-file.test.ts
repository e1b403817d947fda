import { describe, expect, it } from 'vitest'
import { nineDigits, readPerQuery, readRun, writePerQuery, writeRun } from './run-file.ts'

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

  it('writes nine significant digits, the same by either way', () => {
    const edges = [1, 0.1, 0.01, 0.001, 0.0001, 10].flatMap((edge) => [edge, edge - edge / 2 ** 24, edge + edge / 2 ** 23])
    const spread = Array.from({ length: 20_000 }, (_, i) => Math.sin(i * i) * 10 ** (-(i % 60) / 10) * 10)
    const scores = Float32Array.from([...edges, ...spread, 0, -0.75, 12_345.678])
    const wanted = Array.from(scores, (score) => Number(score.toPrecision(9)))
    expect(Array.from(scores, nineDigits)).toEqual(wanted)
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
