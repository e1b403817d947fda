import { describe, expect, it } from 'vitest'
import { PROBE_PAIRS, ranksProbesRight, scoreFingerprint, scoresFit } from './pair-probe.ts'

const LOGITS = [6.1, -2.3, -8.2, -9.7, 7.4, 1.1, -6.6, -10.2]
const odds = (logits: readonly number[]) => logits.map((logit) => 1 / (1 + Math.exp(-logit)))
const jitter = (scores: readonly number[], by: number) => scores.map((score, i) => score + by * (i % 2 === 0 ? 1 : -1))

describe('fingerprints of scores', () => {
  it('stand for eight pairs of two queries', () => {
    expect(PROBE_PAIRS).toHaveLength(LOGITS.length)
    expect(scoreFingerprint(LOGITS)).toMatch(/^r1-[\d.]+:(-?\d+,){7}-?\d+$/)
  })

  it.each([
    ['logits', LOGITS, 0.05],
    ['probabilities', odds(LOGITS.map((logit) => logit / 4)), 1e-3],
    ['small cosines', LOGITS.map((logit) => logit / 100), 1e-3],
  ])('fit %s that jitter, and not those of another model', (_, scores, by) => {
    const fingerprint = scoreFingerprint(scores) as string
    expect(scoresFit(fingerprint, scores)).toBe(true)
    expect(scoresFit(fingerprint, jitter(scores, by))).toBe(true)
    expect(scoresFit(fingerprint, [...scores].reverse())).toBe(false)
    expect(
      scoresFit(
        fingerprint,
        scores.map((score) => 0.7 * score),
      ),
    ).toBe(false)
    expect(scoresFit('p1-64:1', scores)).toBe(false)
  })

  it('are not made of one score for everything', () => {
    expect(scoreFingerprint(LOGITS.map(() => 0.5))).toBeNull()
  })

  it('know whether the answers come first', () => {
    expect(ranksProbesRight(LOGITS)).toBe(true)
    expect(ranksProbesRight(LOGITS.map((score) => -score))).toBe(false)
  })
})
