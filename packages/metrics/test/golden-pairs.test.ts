import { describe, expect, it } from 'vitest'
import { averageRanks, pearson, scoreBitext, scorePairClassification, scoreSts, spearman } from '../src/index.ts'
import { type Entry, expectEntry, goldenIsThere, listOf, readGolden, type StoredList } from './golden-file.ts'

interface PairCase {
  readonly gold: number[]
  readonly labels: number[]
  readonly minScore: number
  readonly maxScore: number
  readonly expected: Record<string, { entry: Entry; unrounded: Entry; scores: Record<string, StoredList> }>
}

/** Correlations of recorded scores: within 1e-12 of scipy (`tolerance` in each case). */
const CORRELATION_TOLERANCE = 1e-12

function pairCases(kind: string, name: string) {
  const folder = `${kind}/${name}`
  const golden = readGolden<PairCase>(`${folder}/case.json`)
  const first = Object.values(golden.expected)[0]?.scores ?? {}
  return Object.entries(golden.expected).map(([similarity, { entry, unrounded, scores }]) => {
    const list = (key: string) => listOf(folder, scores[key] ?? first[key] ?? [])
    return {
      golden,
      similarity,
      entry,
      unrounded,
      scores: {
        similarity: list('similarity_scores'),
        cosine: list('cosine_scores'),
        manhattan: list('manhattan_distances'),
        euclidean: list('euclidean_distances'),
        dot: list('dot_scores'),
      },
    }
  })
}

describe.skipIf(!goldenIsThere)('golden/evaluators/sts: entries from the recorded scores (skipped without ../shared)', () => {
  it.each(['hand', 'realistic', 'ties', 'constant', 'constant-scores', 'two-pairs', 'other-range'])('%s', (name) => {
    const cases = pairCases('sts', name)
    expect(cases).toHaveLength(2)
    for (const { golden, entry, unrounded, scores } of cases) {
      const ours = scoreSts({ ...golden, scores })
      expectEntry(ours.metrics, entry)
      expectEntry(ours.unrounded, unrounded, CORRELATION_TOLERANCE)
    }
  })
})

describe.skipIf(!goldenIsThere)(
  'golden/evaluators/pair-classification from the recorded scores (skipped without ../shared)',
  () => {
    it.each(['hand', 'single-row', 'ties', 'realistic', 'all-positive-best', 'all-negative', 'worst'])('%s: exact', (name) => {
      for (const { golden, entry, unrounded, scores } of pairCases('pair-classification', name)) {
        const ours = scorePairClassification({ labels: golden.labels, scores })
        expectEntry(ours.metrics, entry)
        expectEntry(ours.unrounded, unrounded)
      }
    })
  },
)

describe.skipIf(!goldenIsThere)('golden/evaluators/bitext from the recorded neighbours (skipped without ../shared)', () => {
  it.each(['hand', 'nothing-found', 'realistic'])('%s: exact', (name) => {
    const { expected } = readGolden<{ expected: Record<string, { entry: Entry; unrounded: Entry; nearest: number[] }> }>(
      `bitext/${name}/case.json`,
    )
    for (const { entry, unrounded, nearest } of Object.values(expected)) {
      const ours = scoreBitext({ gold: [...nearest.keys()], predicted: nearest })
      expectEntry(ours.metrics, entry)
      expectEntry(ours.unrounded, unrounded)
    }
  })
})

describe.skipIf(!goldenIsThere)('golden/evaluators/statistics/correlation (skipped without ../shared)', () => {
  const { rows } = goldenIsThere
    ? readGolden<{ rows: { name: string; x: number[]; y: number[]; [key: string]: unknown }[] }>('statistics/correlation.json')
    : { rows: [] }
  it.each(rows)('$name', ({ x, y, pearson: r, spearman: rho, averageRanksX }) => {
    expect(Math.abs(pearson(x, y) - Number(r)) <= CORRELATION_TOLERANCE || Number.isNaN(Number(r))).toBe(true)
    expect(Number.isNaN(pearson(x, y))).toBe(r === 'NaN')
    expect(Math.abs(spearman(x, y) - Number(rho)) <= CORRELATION_TOLERANCE || Number.isNaN(Number(rho))).toBe(true)
    expect(Number.isNaN(spearman(x, y))).toBe(rho === 'NaN')
    expect([...averageRanks(x)]).toEqual(averageRanksX)
  })
})
