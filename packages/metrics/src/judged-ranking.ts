import type { RankedList } from './ranking.ts'

/** Judgements of one query: document id -> integer grade. Grades below 0 count as unjudged. */
export type Judgments = ReadonlyMap<string, number>

/** One ranked list seen through its judgements. */
export interface JudgedRanking {
  /** [rank] grade of each document in rank order, cut at the depth; -1 where unjudged. */
  readonly grades: Int32Array
  /** Ranks from 0, ascending, at which `grades` is not -1, and none else that can count: of a thousand documents most often one or two. */
  readonly judgedRanks: Uint32Array
  /** Positive judged grades, retrieved or not, descending. */
  readonly ideal: Int32Array
  /** Judged documents with at least the relevance level, retrieved or not. */
  readonly relevant: number
  /** Judged documents below the relevance level. */
  readonly judgedNotRelevant: number
  /** Smallest grade that counts as relevant in the binary metrics. */
  readonly relevanceLevel: number
}

/** What {@link judgeRanking} may be told; by default every grade of 1 or more is relevant and the whole list counts. */
export interface JudgingOptions {
  readonly relevanceLevel?: number
  readonly depth?: number
}

/** Looks up the grade of every ranked document. `order` holds indices into the list, best first. */
export function judgeRanking(
  list: RankedList,
  order: Uint32Array,
  qrels: Judgments,
  options: JudgingOptions = {},
): JudgedRanking {
  const { relevanceLevel = 1, depth = Number.POSITIVE_INFINITY } = options
  const known = list.ranked ? list.gradesOf?.(qrels) : undefined
  const grades = known?.grades.subarray(0, depth) ?? gradesInOrder(list, order.subarray(0, depth), qrels)
  const judgedRanks = known && relevanceLevel >= 0 ? known.judgedRanks : ranksFrom(grades, relevanceLevel)
  let [judged, relevant, positive] = [0, 0, 0]
  const ideal = new Int32Array(qrels.size)
  for (const grade of qrels.values()) {
    if (grade >= 0) judged++
    if (grade >= 0 && grade >= relevanceLevel) relevant++
    if (grade > 0) ideal[positive++] = grade
  }
  const descending = ideal.subarray(0, positive)
  if (positive > 1) descending.sort().reverse()
  return { grades, judgedRanks, ideal: descending, relevant, judgedNotRelevant: judged - relevant, relevanceLevel }
}

/** Where an unjudged document can count, every rank does. */
function ranksFrom(grades: Int32Array, relevanceLevel: number): Uint32Array {
  const ranks = new Uint32Array(grades.length)
  let count = 0
  for (let rank = 0; rank < grades.length; rank++) if ((grades[rank] as number) >= 0 || relevanceLevel < 0) ranks[count++] = rank
  return ranks.subarray(0, count)
}

function gradesInOrder({ documentIds }: RankedList, order: Uint32Array, qrels: Judgments): Int32Array {
  return Int32Array.from(order, (index) => {
    const grade = qrels.get(documentIds[index] as string)
    return grade === undefined || grade < 0 ? -1 : grade
  })
}

/** The cut-off metrics of one query, each [cutoffs]. */
export interface CutoffScores {
  readonly ndcg: Float64Array
  readonly map: Float64Array
  readonly recall: Float64Array
  readonly precision: Float64Array
  readonly hit_rate: Float64Array
}

/**
 * Every metric of trec_eval with a cut-off, at each of `cutoffs` (ascending; Infinity for the whole list).
 * Precision divides by the cut-off even when fewer documents were found; map divides by all relevant documents;
 * ndcg has linear gain. A query without a relevant document scores 0.
 *
 * @see trec_eval m_ndcg_cut.c, m_map_cut.c, m_recall.c, m_P.c, m_success.c
 */
export function cutoffScores(ranking: JudgedRanking, cutoffs: readonly number[]): CutoffScores {
  const { grades, judgedRanks, ideal, relevant, relevanceLevel } = ranking
  const empty = () => new Float64Array(cutoffs.length)
  const scores: CutoffScores = { ndcg: empty(), map: empty(), recall: empty(), precision: empty(), hit_rate: empty() }
  let [hits, precisions, gain, idealGain, next, idealRank] = [0, 0, 0, 0, 0, 0]
  for (const [index, cutoff] of cutoffs.entries()) {
    for (; next < judgedRanks.length; next++) {
      const rank = judgedRanks[next] as number
      if (rank >= cutoff || rank >= grades.length) break
      const grade = grades[rank] as number
      if (grade > 0) gain += grade / Math.log2(rank + 2)
      if (grade >= relevanceLevel) precisions += ++hits / (rank + 1)
    }
    for (; idealRank < ideal.length && idealRank < cutoff; idealRank++) {
      idealGain += (ideal[idealRank] as number) / Math.log2(idealRank + 2)
    }
    scores.ndcg[index] = idealGain > 0 ? gain / idealGain : 0
    scores.map[index] = relevant > 0 ? precisions / relevant : 0
    scores.recall[index] = relevant > 0 ? hits / relevant : 0
    scores.precision[index] = hits / cutoff
    scores.hit_rate[index] = hits > 0 ? 1 : 0
  }
  return scores
}

/** Rank of the first relevant document, 1-based; Infinity when none was found. */
export function firstRelevantRank(ranking: JudgedRanking): number {
  const { grades, judgedRanks, relevanceLevel } = ranking
  for (const rank of judgedRanks) if (rank < grades.length && (grades[rank] as number) >= relevanceLevel) return rank + 1
  return Number.POSITIVE_INFINITY
}
