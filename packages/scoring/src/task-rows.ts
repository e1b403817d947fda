import type { TaskJudgments } from '@sweepboard/contracts'
import { misfit } from './config-failure.ts'

/** Judgments of every type but Retrieval. */
export type JudgedTask = Extract<TaskJudgments, { type: string }>

/** Throws `SB-SCORE-002` where judgments name a row beyond the text sets, or lists that belong together differ in number. */
export function checkRows(judgments: JudgedTask, counts: { readonly queries: number; readonly documents: number }): void {
  const { queryRows, documentRows } = rowsOf(judgments)
  if (queryRows.some((row) => row >= counts.queries)) throw misfit('the judgments name a query row beyond the text set')
  if (documentRows.some((row) => row >= counts.documents)) throw misfit('the judgments name a document row beyond the text set')
  if (judgments.type === 'bitext') {
    const { firstRows, secondRows, gold } = judgments
    if (gold.length !== firstRows.length) throw misfit('first sentences and gold places of the judgments differ in number')
    if (gold.some((place) => place >= secondRows.length)) throw misfit('a gold place of the judgments is no second sentence')
  }
  if (judgments.type === 'reranking' || judgments.type === 'instruction-reranking') {
    const { queryIds, documentIds, qrels, topRanked } = judgments
    const fits = [judgments.queryRows, qrels, topRanked].every((list) => list.length === queryIds.length)
    if (!fits || documentIds.length !== judgments.documentRows.length) {
      throw misfit('ids, rows, grades and candidates of the judgments differ in number')
    }
    if (topRanked.some((places) => places.some((place) => place >= documentIds.length))) {
      throw misfit('a candidate of the judgments is no document')
    }
  }
}

function rowsOf(judgments: JudgedTask): { queryRows: readonly number[]; documentRows: readonly number[] } {
  switch (judgments.type) {
    case 'sts':
    case 'pairs': {
      const pairs: readonly (readonly [number, number, number])[] = judgments.pairs
      return { queryRows: pairs.map(([row]) => row), documentRows: pairs.map(([, row]) => row) }
    }
    case 'bitext':
      return { queryRows: judgments.firstRows, documentRows: judgments.secondRows }
    case 'reranking-v1':
      return {
        queryRows: judgments.samples.flatMap(({ queryRows }) => queryRows),
        documentRows: judgments.samples.flatMap(({ positiveRows, negativeRows }) => [...positiveRows, ...negativeRows]),
      }
    default:
      return judgments
  }
}
