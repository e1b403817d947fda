import type { Config, Similarity } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { type Matrix, type PairScores, scorePairs } from '../src/index.ts'
import {
  type Binary,
  type Entry,
  expectSameEntry,
  goldenIsThere,
  listIn,
  matrixIn,
  readGolden,
  type StoredList,
  scoreStored,
} from './golden-files.ts'
import { MemoryStore } from './memory-store.ts'

interface PairCase {
  readonly sentence1: Binary
  readonly sentence2: Binary
  readonly gold: number[]
  readonly labels: (0 | 1)[]
  readonly minScore: number
  readonly maxScore: number
  readonly expected: Partial<Record<Similarity, { entry: Entry; scores: Record<string, StoredList> }>>
}

const STS = ['hand', 'realistic', 'ties', 'constant', 'constant-scores', 'two-pairs', 'other-range']
const PAIRS = ['hand', 'single-row', 'ties', 'realistic', 'all-positive-best', 'all-negative', 'worst']
/** numpy leaves its dot product of a row to BLAS: within 2e-7 of the sum of the products' sizes (`tolerance` in each case). */
function blasTolerance(first: Matrix, second: Matrix): Float64Array {
  return Float64Array.from({ length: first.rowCount }, (_, row) => {
    let size = 0
    for (let i = row * first.dim; i < (row + 1) * first.dim; i++)
      size += Math.abs((first.values[i] ?? 0) * (second.values[i] ?? 0))
    return 2e-7 * size
  })
}

function readCase(folder: string) {
  const golden = readGolden<PairCase>(`${folder}/case.json`)
  const [first, second] = [matrixIn(folder, golden.sentence1), matrixIn(folder, golden.sentence2)]
  const similarities = Object.keys(golden.expected) as Similarity[]
  return { golden, first, second, similarities, configs: similarities.map(full) }
}

function full(similarity: Similarity): Config {
  return { dimensions: null, precision: 'float32', similarity }
}

describe.skipIf(!goldenIsThere)(
  'golden/evaluators/sts and pair-classification, from the vectors (skipped without ../shared)',
  () => {
    it.each([...STS.map((name) => `sts/${name}`), ...PAIRS.map((name) => `pair-classification/${name}`)])(
      '%s: the score lists, bit for bit (but the dot product of numpy)',
      (folder) => {
        const { golden, first, second, similarities } = readCase(folder)
        const rows = [...Array(first.rowCount).keys()]
        for (const similarity of similarities) {
          const ours = scorePairs({ first, second, firstRows: rows, secondRows: rows }, similarity)
          const sign = folder.startsWith('sts/') ? -1 : 1
          for (const [key, stored] of Object.entries(golden.expected[similarity]?.scores ?? {})) {
            const own = ours[key.split('_')[0] as keyof PairScores]
            const wanted = listIn(folder, stored)
            const turned = Float64Array.from(own, (score) => (key.endsWith('_distances') ? sign * score : score))
            const tolerance = key === 'dot_scores' ? blasTolerance(first, second) : new Float64Array(wanted.length)
            const isFar = (score: number, i: number) => !(Math.abs(score - (turned[i] as number)) <= (tolerance[i] as number))
            expect(wanted.findIndex(isFar)).toBe(-1)
          }
        }
      },
    )

    it.each(STS)('sts/%s: every key of the entry', async (name) => {
      const { golden, first, second, configs, similarities } = readCase(`sts/${name}`)
      const { gold, minScore, maxScore } = golden
      const { results } = await scoreStored(new MemoryStore(), {
        queries: first,
        documents: second,
        judgments: { version: 1, type: 'sts', minScore, maxScore, pairs: gold.map((score, i) => [i, i, score]) },
        mainScore: 'cosine_spearman',
        configs,
      })
      for (const [i, similarity] of similarities.entries()) {
        expectSameEntry(results[i], golden.expected[similarity]?.entry ?? {})
      }
    })

    it.each(PAIRS)('pair-classification/%s: every key of the entry', async (name) => {
      const { golden, first, second, configs, similarities } = readCase(`pair-classification/${name}`)
      const { results } = await scoreStored(new MemoryStore(), {
        queries: first,
        documents: second,
        judgments: { version: 1, type: 'pairs', pairs: golden.labels.map((label, i) => [i, i, label]) },
        mainScore: 'max_ap',
        configs,
      })
      for (const [i, similarity] of similarities.entries()) {
        expectSameEntry(results[i], golden.expected[similarity]?.entry ?? {})
      }
    })
  },
)
