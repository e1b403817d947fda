import { describe, expect, it } from 'vitest'
import { MetricInputError } from './metric-input-error.ts'
import { scorePairClassification } from './pair-classification.ts'

const SIMILARITIES = [0.9, 0.8, 0.8, 0.7, 0.2]
const DISTANCES = SIMILARITIES.map((score) => 1 - score)
const SCORES = {
  similarity: SIMILARITIES,
  cosine: SIMILARITIES,
  manhattan: DISTANCES,
  euclidean: DISTANCES,
  dot: [0, 0, 0, 0, 0],
}

describe('scorePairClassification', () => {
  it('gives the values of the protocol, section 8', () => {
    const { metrics, thresholds } = scorePairClassification({ labels: [1, 0, 1, 1, 0], scores: SCORES })
    expect(metrics).toMatchObject({
      cosine_accuracy: 0.8,
      cosine_f1: 0.857143,
      cosine_precision: 0.75,
      cosine_recall: 1,
      cosine_ap: 0.805556,
      euclidean_ap: 0.805556,
      dot_ap: 0.6,
      max_ap: 0.805556,
    })
    expect(Object.keys(metrics)).toHaveLength(30)
    expect(thresholds.cosine_accuracy_threshold).toBeCloseTo(0.45, 12)
    expect(thresholds.manhattan_f1_threshold).toBeCloseTo(0.55, 12)
  })

  it('never takes the last row', () => {
    const { metrics, thresholds } = scorePairClassification({ labels: [0, 0, 0, 0, 1], scores: SCORES })
    expect(metrics).toMatchObject({ cosine_accuracy: 0.6, cosine_f1: 0, cosine_recall: 0, cosine_ap: 0.2 })
    expect(thresholds.cosine_f1_threshold).toBe(0)
  })

  it('names every mistake', () => {
    const scores = { ...SCORES, dot: [1], cosine: [1, Number.NaN, 0, 0, 0] }
    const attempt = () => scorePairClassification({ labels: [1, 2, 0, 1, -1], scores })
    expect(attempt).toThrow(MetricInputError)
    expect(attempt).toThrow(/pair 1 is 2.*pair 4 is -1.*cosine score of pair 1.*5 labels but 1 dot scores/)
  })
})
