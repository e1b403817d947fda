import type { LexicalMethod, LexicalScoring } from '@sweepboard/contracts'

/** What the formula knows of a token and a collection. */
export interface Collection {
  /** Documents, empty ones included. */
  readonly documentCount: number
  /** Mean number of tokens of a document, empty ones included. */
  readonly averageLength: number
}

/**
 * Weight of a token that `frequency` > 0 documents hold: bm25s 0.3.16 (scoring.py), rounded to float32 as its table is.
 */
export function inverseDocumentFrequency(method: LexicalMethod, frequency: number, documentCount: number): number {
  return Math.fround(idfOf[method](frequency, documentCount))
}

/**
 * What a token adds to the score of a document that holds it `tf` times, less what it adds to every document (`absentScore`):
 * computed in float64, stored as float32, as bm25s does.
 */
export function termScore(scoring: LexicalScoring, idf: number, tf: number, norm: number): number {
  const score = idf * termFrequency(scoring, tf, norm)
  return Math.fround(scoring.method === 'bm25l' || scoring.method === 'bm25+' ? score - absentScore(scoring, idf) : score)
}

/** What a token adds to documents that do not hold it: 0 but for `bm25l` and `bm25+`. */
export function absentScore(scoring: LexicalScoring, idf: number): number {
  if (scoring.method !== 'bm25l' && scoring.method !== 'bm25+') return 0
  return Math.fround(idf * termFrequency(scoring, 0, 1))
}

/** Length of a document against the mean, weighed by `b`. */
export function lengthNorm({ b }: LexicalScoring, length: number, { averageLength }: Collection): number {
  return 1 - b + (b * length) / averageLength
}

function termFrequency({ method, k1, delta }: LexicalScoring, tf: number, norm: number): number {
  switch (method) {
    case 'lucene':
    case 'robertson':
      return tf / (k1 * norm + tf)
    case 'atire':
      return (tf * (k1 + 1)) / (tf + k1 * norm)
    case 'bm25l':
      return ((k1 + 1) * (tf / norm + delta)) / (k1 + tf / norm + delta)
    case 'bm25+':
      return ((k1 + 1) * tf) / (k1 * norm + tf) + delta
  }
}

const idfOf: Readonly<Record<LexicalMethod, (df: number, n: number) => number>> = {
  lucene: (df, n) => Math.log(1 + (n - df + 0.5) / (df + 0.5)),
  robertson: (df, n) => Math.log(Math.max(1, (n - df + 0.5) / (df + 0.5))),
  atire: (df, n) => Math.log(n / df),
  bm25l: (df, n) => Math.log((n + 1) / (df + 0.5)),
  'bm25+': (df, n) => Math.log((n + 1) / df),
}
