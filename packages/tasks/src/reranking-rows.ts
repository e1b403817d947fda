import { Cells } from './cell.ts'
import type { MistakeList } from './mistake-list.ts'
import { refuseEmpty } from './pair-rows.ts'
import { pythonStrip } from './python-strip.ts'
import type { RankedData } from './ranked-data.ts'
import type { Table } from './table.ts'
import type { RerankingSample } from './task-data.ts'

/**
 * Rows `{query, positive, negative}` of the old reranking form; `query` is a text or a list of texts. Rows with an empty
 * side are left out, as MTEB does.
 */
export async function readRerankingRows(table: Table, mistakes: MistakeList): Promise<RerankingSample[]> {
  const samples: RerankingSample[] = []
  await table.read(mistakes, (row, place) => {
    const cells = new Cells(row, place, mistakes)
    const queries = Array.isArray(row.query) ? cells.texts('query') : [cells.text('query')]
    if (queries.length === 0) cells.wrong('query', 'not empty')
    const sample = { queries, positive: cells.texts('positive'), negative: cells.texts('negative') }
    if (cells.isRight && sample.positive.length > 0 && sample.negative.length > 0) samples.push(sample)
  })
  refuseEmpty(samples, table, mistakes)
  return samples
}

/**
 * The old form as MTEB 2 turns it into retrieval with candidates (mteb/abstasks/text/reranking.py): query ids are split,
 * `_query` and the running number of the kept row, document ids `apositive_` and `negative_` with that id and five digits.
 * A row of several queries has no such form: `SB-TASK-007`.
 */
export function asRanked(samples: readonly RerankingSample[], split: string, table: Table, mistakes: MistakeList): RankedData {
  const documents: { id: string; text: string }[] = []
  const topRanked = new Map<string, readonly string[]>()
  const queries = samples.map(({ queries: texts, positive, negative }, number) => {
    if (texts.length > 1)
      mistakes.add(
        'SB-TASK-007',
        { field: `"query" of kept row ${number}`, wanted: 'one text (several are scored by "map" and "mrr" only)' },
        { file: table.name },
      )
    const id = `${split}_query${number}`
    const add = (side: string, grade: number) => (text: string, i: number) => {
      const documentId = `${side}_${id}_${String(i).padStart(5, '0')}`
      documents.push({ id: documentId, text: pythonStrip(text) })
      return [documentId, grade] as const
    }
    const grades = [...positive.map(add('apositive', 1)), ...negative.map(add('negative', 0))]
    topRanked.set(
      id,
      grades.map(([document]) => document),
    )
    return { id, text: texts[0] as string, kind: null, grades: new Map(grades) }
  })
  const none = { unjudgedQueryCount: 0, unknownQueryCount: 0, unknownDocumentCount: 0 }
  return { queries, documents, topRanked, changed: null, ...none }
}
