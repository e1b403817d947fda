import { type CutoffScores, cutoffScores, firstRelevantRank, type JudgedRanking } from './judged-ranking.ts'

/** How per-query values become the value of `all`. */
type Summary = 'mean' | 'sum' | 'geometricMean'

/** One output line of trec_eval for one query. */
export interface TrecMeasure {
  /** trec_eval's output name, such as `ndcg_cut_10`. */
  readonly key: string
  readonly summary: Summary
  readonly score: (ranking: JudgedRanking) => number
}

/** What trec_eval takes for the logarithm of a score of 0. */
export const MIN_GEOMETRIC_SCORE = 0.00001

const CUTOFFS = [5, 10, 15, 20, 30, 100, 200, 500, 1000]
const RECALL_LEVELS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]

const PLAIN: Readonly<Record<string, Omit<TrecMeasure, 'key'>>> = {
  num_ret: { summary: 'sum', score: (ranking) => ranking.grades.length },
  num_rel: { summary: 'sum', score: (ranking) => ranking.relevant },
  num_rel_ret: { summary: 'sum', score: relevantFound },
  map: { summary: 'mean', score: averagePrecision },
  gm_map: { summary: 'geometricMean', score: averagePrecision },
  Rprec: { summary: 'mean', score: (ranking) => at('precision', ranking.relevant)(ranking) },
  bpref: { summary: 'mean', score: binaryPreference },
  recip_rank: { summary: 'mean', score: (ranking) => 1 / firstRelevantRank(ranking) },
  ndcg: { summary: 'mean', score: (ranking) => at('ndcg', Number.POSITIVE_INFINITY)(ranking) },
}

interface Family {
  readonly defaults: readonly number[]
  readonly measure: (parameter: number) => Omit<TrecMeasure, 'key'>
  readonly format?: (parameter: number) => string
}

const WITH_CUTOFFS: Readonly<Record<string, Family>> = {
  P: { defaults: CUTOFFS, measure: (k) => ({ summary: 'mean', score: at('precision', k) }) },
  recall: { defaults: CUTOFFS, measure: (k) => ({ summary: 'mean', score: at('recall', k) }) },
  ndcg_cut: { defaults: CUTOFFS, measure: (k) => ({ summary: 'mean', score: at('ndcg', k) }) },
  map_cut: { defaults: CUTOFFS, measure: (k) => ({ summary: 'mean', score: at('map', k) }) },
  success: { defaults: [1, 5, 10], measure: (k) => ({ summary: 'mean', score: at('hit_rate', k) }) },
  iprec_at_recall: {
    defaults: RECALL_LEVELS,
    measure: (level) => ({ summary: 'mean', score: (ranking) => interpolatedPrecision(ranking, level) }),
    format: (level) => level.toFixed(2),
  },
}

/**
 * Reads measures as trec_eval's `-m` takes them: `map`, `ndcg_cut` (its own cut-offs), `ndcg_cut.10,20`.
 *
 * @throws UnknownMeasureError naming every measure that is not known or has a bad cut-off
 */
export function readTrecMeasures(names: readonly string[]): TrecMeasure[] {
  const unknown: string[] = []
  const measures = names.flatMap((name) => {
    const [base = '', parameters] = splitOnce(name)
    const plain = Object.hasOwn(PLAIN, base) ? PLAIN[base] : undefined
    if (plain !== undefined && parameters === undefined) return [{ key: base, ...plain }]
    const family = Object.hasOwn(WITH_CUTOFFS, base) ? WITH_CUTOFFS[base] : undefined
    const values = parameters === undefined ? family?.defaults : readParameters(parameters, base === 'iprec_at_recall')
    if (family === undefined || values === undefined) {
      unknown.push(name)
      return []
    }
    return values.map((value) => ({ key: `${base}_${(family.format ?? String)(value)}`, ...family.measure(value) }))
  })
  if (unknown.length === 0) return measures
  throw new UnknownMeasureError(unknown)
}

/** Measures that trec_eval does not have, or whose cut-offs cannot be. */
export class UnknownMeasureError extends RangeError {
  readonly unknown: readonly string[]
  /** Names there are; those of `withCutOffs` take cut-offs after a dot. */
  readonly known: readonly string[] = [...Object.keys(PLAIN), ...Object.keys(WITH_CUTOFFS)]
  readonly withCutOffs: readonly string[] = Object.keys(WITH_CUTOFFS)

  constructor(unknown: readonly string[]) {
    const known = [...Object.keys(PLAIN), ...Object.keys(WITH_CUTOFFS).map((base) => `${base}[.K,K]`)].join(', ')
    super(`no such measure: ${unknown.join(', ')}; known are ${known}`)
    this.unknown = unknown
  }
}

function splitOnce(name: string): [string, string?] {
  const dot = name.indexOf('.')
  return dot < 0 ? [name] : [name.slice(0, dot), name.slice(dot + 1)]
}

function readParameters(text: string, areLevels: boolean): number[] | undefined {
  const values = text.split(',').map((part) => (/^[\d.]+$/.test(part) ? Number(part) : Number.NaN))
  const good = values.every((value) => (areLevels ? value >= 0 && value <= 1 : Number.isInteger(value) && value > 0))
  return good ? [...new Set(values)].sort((a, b) => a - b) : undefined
}

function at(metric: keyof CutoffScores, cutoff: number): (ranking: JudgedRanking) => number {
  return (ranking) => (cutoff > 0 ? (cutoffScores(ranking, [cutoff])[metric][0] as number) : 0)
}

function averagePrecision(ranking: JudgedRanking): number {
  return at('map', Number.POSITIVE_INFINITY)(ranking)
}

function relevantFound({ grades, relevanceLevel }: JudgedRanking): number {
  return grades.filter((grade) => grade >= relevanceLevel).length
}

// Share of the first R judged non-relevant documents that stand below each relevant one (m_bpref.c).
function binaryPreference({ grades, relevant, judgedNotRelevant, relevanceLevel }: JudgedRanking): number {
  let [above, sum] = [0, 0]
  for (const grade of grades) {
    if (grade < 0) continue
    if (grade < relevanceLevel) above++
    else sum += above === 0 ? 1 : 1 - Math.min(above, relevant) / Math.min(judgedNotRelevant, relevant)
  }
  return relevant > 0 ? sum / relevant : 0
}

// Highest precision at or beyond the rank where the recall level is reached. The level becomes a number of documents by rounding
// to nearest as in trec_eval 10; version 9 and older add 0.9 and truncate.
function interpolatedPrecision(ranking: JudgedRanking, level: number): number {
  const needed = Math.floor(level * ranking.relevant + 0.5)
  let [hits, best] = [0, 0]
  const last = ranking.grades.length - 1
  for (const [rank, grade] of ranking.grades.entries()) {
    if (grade >= ranking.relevanceLevel) hits++
    else if (rank < last) continue
    if (hits >= needed) best = Math.max(best, hits / (rank + 1))
  }
  return best
}
