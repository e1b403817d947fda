import { describe, expect, it } from 'vitest'
import { averagePrecision, scoreBitext } from '../src/index.ts'
import { goldenIsThere, readGolden } from './golden-file.ts'

function rowsOf<Row>(file: string): Row[] {
  return goldenIsThere ? readGolden<{ rows: Row[] }>(`label-metrics/${file}.json`).rows : []
}

interface Ranked {
  readonly name: string
  readonly labels: number[]
  readonly scores: number[]
  readonly expected: number
}

interface Labelled {
  readonly name: string
  readonly true: number[]
  readonly pred: number[]
  readonly expected: Record<'accuracy' | 'f1_weighted' | 'precision_weighted' | 'recall_weighted', number>
}

describe.skipIf(!goldenIsThere)('golden/evaluators/label-metrics, bit for bit (skipped without ../shared)', () => {
  it.each(rowsOf<Ranked>('average-precision'))('average precision: $name', ({ labels, scores, expected }) => {
    expect(
      averagePrecision(
        labels.map((label) => label === 1),
        scores,
      ),
    ).toBe(expected)
  })

  it.each(rowsOf<Labelled>('classification'))('support-weighted scores: $name', ({ true: gold, pred: predicted, expected }) => {
    const { accuracy, f1_weighted: f1, precision_weighted: precision, recall_weighted: recall } = expected
    expect(scoreBitext({ gold, predicted }).unrounded).toEqual({ accuracy, f1, precision, recall })
  })
})
