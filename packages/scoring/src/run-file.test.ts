import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { Catalogue, CatalogueList } from './catalogue-list.ts'
import { readPerQuery, readRun } from './run-file.ts'
import { RunWriter, writePerQuery, writeRun } from './run-writer.ts'

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

  it('is the same bytes whether the lists name places of a catalogue or ids alone', () => {
    const catalogue = new Catalogue(['d3', 'd2', 'd1', 'd0'])
    const picked = [Uint32Array.of(3, 1), Uint32Array.of(1, 0, 3)]
    const lists = picked.map(
      (places) =>
        new CatalogueList(
          catalogue,
          places,
          Float32Array.from(places, (_, i) => 1 - i / 3),
        ),
    )
    const plain = lists.map(({ documentIds, scores }) => ({ documentIds, scores }))
    expect(plain.map(({ documentIds }) => documentIds)).toEqual([
      ['d0', 'd2'],
      ['d2', 'd3', 'd0'],
    ])
    const queryIds = ['q0', 'q1']
    const bytes = writeRun({ queryIds, lists })
    expect(bytes).toEqual(writeRun({ queryIds, lists: plain }))
    expect(readRun(bytes)).toEqual({ queryIds, lists: plain })
  })

  it('is the same bytes for lists of any length, distances and scores of any size, file after file', () => {
    const size = 70_000
    const odd = ['', '"', '\\', '\\"', 'a,b', '\u2028', '\n', '\u{1f600}', '\ud83d', 'é', 'a long one, [with] everything "in" it']
    const catalogue = new Catalogue(Array.from({ length: size }, (_, place) => odd[place] ?? `d${size - place}`))
    const writer = new RunWriter()
    for (const step of [1, 613, 40_503]) {
      const lists = [0, 1, 127, 20_000, 0, 40_000, 9000].map((count, i) => {
        const places = Uint32Array.from({ length: count }, (_, at) => ((at + 1) * step + i * 977) % size)
        const scores = Float32Array.from({ length: count }, (_, at) => Math.sin(at * step) * 10 ** ((at % 60) - 30))
        return new CatalogueList(catalogue, places, scores)
      })
      const queryIds = lists.map((_, i) => `q${i}`)
      const plain = lists.map(({ documentIds, scores }) => ({ documentIds, scores }))
      expect(Buffer.compare(writer.write({ queryIds, lists }), writeRun({ queryIds, lists: plain }))).toBe(0)
    }
  })

  it('reads runs written as gzipped lines', () => {
    const line = '{"query":"q","documents":["a","b"],"scores":[0.333333343,-1]}\n'
    const list = { documentIds: ['a', 'b'], scores: Float32Array.of(1 / 3, -1) }
    expect(readRun(gzipSync(line))).toEqual({ queryIds: ['q'], lists: [list] })
  })

  it('refuses a cut or lengthened run, and a place or score that is none', () => {
    const bytes = writeRun({ queryIds: ['q'], lists: [{ documentIds: ['a', 'b'], scores: Float32Array.of(2, 1) }] })
    for (let end = 0; end < bytes.length; end++) expect(() => readRun(bytes.subarray(0, end))).toThrow('SB-ART-002')
    expect(() => readRun(Buffer.concat([bytes, Uint8Array.of(0)]))).toThrow('SB-ART-002')
    const spoiled = bytes.slice()
    spoiled[bytes.indexOf(2, 5) + 1] = 7 // the first place, 7 before the first
    expect(() => readRun(spoiled)).toThrow('SB-ART-002')
    const infinite = { queryIds: ['q'], lists: [{ documentIds: ['a'], scores: Float32Array.of(Number.POSITIVE_INFINITY) }] }
    expect(() => readRun(writeRun(infinite))).toThrow('SB-ART-002')
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
