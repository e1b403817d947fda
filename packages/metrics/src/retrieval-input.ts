import type { Judgments } from './judged-ranking.ts'
import { MetricInputError, type MetricInputMistake } from './metric-input-error.ts'
import type { RankedList } from './ranking.ts'

/** One run over one set of judgements; the three arrays are parallel. */
export interface RetrievalInput {
  /** [queries] distinct ids; metrics are averaged in this order. */
  readonly queryIds: readonly string[]
  /** [queries] judgements of each query, integer grades. */
  readonly qrels: readonly Judgments[]
  /** [queries] documents found for each query, possibly none. */
  readonly runs: readonly RankedList[]
  /** Cut-offs, ascending; MTEB's 1, 3, 5, 10, 20, 100, 1000 by default. `accuracy` is written only when 1 is among them. */
  readonly kValues?: readonly number[]
}

/** Refuses input that has no defined score. @throws MetricInputError naming every mistake */
export function checkRetrievalInput(input: RetrievalInput, kValues: readonly number[]): void {
  const mistakes: MetricInputMistake[] = []
  const { queryIds, qrels, runs } = input
  if (qrels.length !== queryIds.length || runs.length !== queryIds.length) {
    const message = `${queryIds.length} query ids, ${qrels.length} sets of judgements and ${runs.length} result lists do not match`
    throw new MetricInputError([{ queryId: null, message }])
  }
  if (new Set(queryIds).size !== queryIds.length) mistakes.push({ queryId: null, message: 'a query id occurs twice' })
  if (kValues.some((k, i) => !Number.isInteger(k) || k < 1 || k <= (kValues[i - 1] ?? 0))) {
    mistakes.push({ queryId: null, message: `the cut-offs ${kValues.join(', ')} are not ascending integers of at least 1` })
  }
  for (const [index, queryId] of queryIds.entries()) {
    for (const message of listMistakes(runs[index] as RankedList)) mistakes.push({ queryId, message })
    for (const [id, grade] of qrels[index] as Judgments) {
      if (!isInt32(grade)) mistakes.push({ queryId, message: `document ${id} is judged ${grade}, which is no 32-bit integer` })
    }
  }
  if (mistakes.length > 0) throw new MetricInputError(mistakes)
}

function listMistakes(list: RankedList): string[] {
  const { scores } = list
  if (list.ranked && !scores.includes(Number.NaN)) return []
  const { documentIds } = list
  if (documentIds.length !== scores.length) return [`${documentIds.length} document ids but ${scores.length} scores`]
  const mistakes: string[] = []
  for (let i = 0; i < scores.length; i++) {
    if (Number.isNaN(scores[i])) mistakes.push(`the score of document ${documentIds[i]} is NaN`)
  }
  const seen = new Set(documentIds)
  if (seen.size === documentIds.length) return mistakes
  for (const id of documentIds) {
    if (!seen.delete(id)) mistakes.push(`document ${id} occurs more than once`)
  }
  return mistakes
}

function isInt32(value: number): boolean {
  return (value | 0) === value
}
