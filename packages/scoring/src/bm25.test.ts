import { existsSync, readFileSync } from 'node:fs'
import type { LexicalMethod, LexicalScoring } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { frequentTokens, LexicalIndex } from './lexical-index.ts'

const TINY = new URL('../../../../shared/golden/evaluators/bm25/tiny.json', import.meta.url)
const LUCENE: LexicalScoring = { method: 'lucene', k1: 1.5, b: 0.75, delta: 0.5, frequentShare: null }
const LISTS = ['red red green', 'green blue', 'blue blue blue red', '', ''].map((text) => text.split(' ').filter(Boolean))
const NONE: ReadonlySet<string> = new Set()

function scoresOf(scoring: LexicalScoring, query: string, lists = LISTS, weights = new Uint32Array(lists.length).fill(1)) {
  const tokens = query.split(' ').filter(Boolean)
  const index = new LexicalIndex(scoring, weights, new Set(tokens))
  index.add({ firstRow: 0, lists }, NONE)
  const found = new Float32Array(lists.length).fill(9)
  index.scores(tokens, found)
  return [...found]
}

/** bm25s 0.3.16, `BM25(method, k1=1.2, b=0.6, delta=0.7).get_scores`, numpy 2.3.5. */
const BM25S: Readonly<Record<LexicalMethod, Readonly<Record<string, number[]>>>> = {
  lucene: {
    'red blue': [0.47579821944236755, 0.3839775025844574, 0.8012521862983704, 0, 0],
    'green red red': [1.2782639265060425, 0.3839775025844574, 0.568486213684082, 0, 0],
  },
  robertson: {
    'red blue': [0.18286535143852234, 0.14757554233074188, 0.3079483211040497, 0, 0],
    'green red red': [0.49128004908561707, 0.14757554233074188, 0.21848846971988678, 0, 0],
  },
  atire: {
    'red blue': [1.0955650806427002, 0.8841402530670166, 1.8449499607086182, 0, 0],
    'green red red': [2.9433093070983887, 0.8841402530670166, 1.308986783027649, 0, 0],
  },
  bm25l: {
    'red blue': [1.941258430480957, 1.8210885524749756, 2.2823843955993652, 1.4191808700561523, 1.4191808700561523],
    'green red red': [3.5052874088287354, 2.5306789875030518, 2.6954362392425537, 2.1287713050842285, 2.1287713050842285],
  },
  'bm25+': {
    'red blue': [2.8516154289245605, 2.5981216430664062, 3.7501115798950195, 1.5380572080612183, 1.5380572080612183],
    'green red red': [5.836048126220703, 3.36715030670166, 3.8765320777893066, 2.3070857524871826, 2.3070857524871826],
  },
}

describe('LexicalIndex', () => {
  it.each(Object.keys(BM25S) as LexicalMethod[])('%s scores as bm25s does', (method) => {
    const scoring: LexicalScoring = { method, k1: 1.2, b: 0.6, delta: 0.7, frequentShare: null }
    for (const [query, expected] of Object.entries(BM25S[method]))
      scoresOf(scoring, query).forEach((score, i) => {
        expect(Math.abs(score - (expected[i] as number))).toBeLessThanOrEqual(2.4e-7 * Math.max(1, score))
      })
  })

  it('counts a row as often as documents share its text, and rows of no document not at all', () => {
    const twice = scoresOf(LUCENE, 'red', [['red'], ['red'], ['blue', 'blue']])
    const shared = scoresOf(LUCENE, 'red', [['red'], ['blue', 'blue'], ['red', 'red', 'red']], Uint32Array.of(2, 1, 0))
    expect(shared).toEqual([twice[0], 0, 0])
  })

  it('drops frequent tokens from lengths too', async () => {
    const lists = [['a', 'x'], ['a', 'y'], ['a'], ['a', 'x', 'x']]
    const blocks = async function* () {
      yield { firstRow: 0, lists }
    }
    const weights = new Uint32Array(4).fill(1)
    const dropped = await frequentTokens(blocks(), weights, 0.9)
    expect([...dropped]).toEqual(['a'])
    const index = new LexicalIndex(LUCENE, weights, new Set(['a', 'x']))
    index.add({ firstRow: 0, lists }, dropped)
    const found = new Float32Array(4)
    index.scores(['a', 'x'], found)
    const without = scoresOf(LUCENE, 'x', [['x'], ['y'], [], ['x', 'x']])
    expect([...found]).toEqual(without)
  })
})

describe.skipIf(!existsSync(TINY))('LexicalIndex against the golden case (needs ../shared)', () => {
  it('scores five documents to the last bit', () => {
    const { expected } = JSON.parse(readFileSync(TINY, 'utf8')) as { expected: { tokens: string[]; scores: number[] }[] }
    for (const { tokens, scores } of expected) expect(scoresOf(LUCENE, tokens.join(' '))).toEqual(scores)
  })
})
