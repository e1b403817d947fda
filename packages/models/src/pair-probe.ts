import { PROBE_MARK } from './probe.ts'

/** Two questions with four documents each, best first. Fixed for ever: another text would be another fingerprint. */
export const PROBE_PAIRS: readonly { readonly query: string; readonly document: string }[] = [
  {
    query: 'how do I reset my card PIN',
    documents: [
      'To reset the PIN of your card, open the app, choose Cards, then Change PIN, and confirm with your password.',
      'Your card arrives within five working days and is activated with the first payment.',
      'The night train to the coast was late again.',
      '量子计算机使用纠错码来保护量子信息。',
    ],
  },
  {
    query: 'Which drug inhibits the production of prostaglandins?',
    documents: [
      'Aspirin inhibits the production of prostaglandins by acetylating cyclooxygenase.',
      'Prostaglandins are lipid compounds with hormone-like effects in animals.',
      'La bibliothèque ferme à dix-huit heures.',
      'function add(a, b) { return a + b }',
    ],
  },
].flatMap(({ query, documents }) => documents.map((document) => ({ query: PROBE_MARK + query, document: PROBE_MARK + document })))
/** Documents of one probe query. */
export const PROBE_PAIRS_PER_QUERY = 4

/** Width of a cell and how far beyond it a score may lie, in units of the scores' standard deviation. */
const CELL = 0.1
const SLACK = 0.05
/** Probabilities are compared as log odds, cut here, so that those near 0 and 1 still tell models apart. */
const LEAST_PROBABILITY = 1e-4

/**
 * Fingerprint of a remote reranker: its probe pairs' scores (as log odds where all are probabilities) in units of their
 * standard deviation, rounded to 0.1; e.g. `r1-2.4:1.5,-0.2,...`. As with vectors, `scoresFit` forgives scores that jitter
 * across a cell's edge.
 * @param scores `[PROBE_PAIRS.length]`; null is returned where all are one and the same
 */
export function scoreFingerprint(scores: readonly number[]): string | null {
  const values = comparable(scores)
  const unit = Number(deviation(values).toPrecision(2))
  return unit === 0 ? null : `r1-${unit}:${values.map((value) => Math.round(value / unit / CELL)).join(',')}`
}

/** Whether scores may be those a fingerprint was made of. */
export function scoresFit(fingerprint: string, scores: readonly number[]): boolean {
  const found = /^r1-([\d.e+-]+):(-?\d+(?:,-?\d+)*)$/.exec(fingerprint)
  if (found === null) return false
  const unit = Number(found[1])
  const cells = (found[2] as string).split(',').map(Number)
  const values = comparable(scores)
  return (
    cells.length === values.length &&
    values.every((value, i) => Math.abs(value / unit - (cells[i] as number) * CELL) <= CELL / 2 + SLACK)
  )
}

/** Whether each query's first document, the one that answers it, scores above its others. */
export function ranksProbesRight(scores: readonly number[]): boolean {
  return scores.every(
    (score, i) => i % PROBE_PAIRS_PER_QUERY === 0 || score < (scores[i - (i % PROBE_PAIRS_PER_QUERY)] as number),
  )
}

function comparable(scores: readonly number[]): number[] {
  if (!scores.every((score) => score >= 0 && score <= 1)) return [...scores]
  return scores.map((score) => {
    const p = Math.min(1 - LEAST_PROBABILITY, Math.max(LEAST_PROBABILITY, score))
    return Math.log(p / (1 - p))
  })
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}
