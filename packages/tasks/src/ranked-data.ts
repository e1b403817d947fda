import { type QueryText, withInstruction } from './conversation.ts'
import type { MistakeList } from './mistake-list.ts'
import type { Qrels } from './qrels-file.ts'

/** One query with at least one judgment. */
export interface JudgedQuery {
  readonly id: string
  readonly text: string
  /** Kind of trap, where the task has kinds. */
  readonly kind: string | null
  /** Grades by document id, documents outside the corpus included. */
  readonly grades: ReadonlyMap<string, number>
}

export interface TaskDocument {
  readonly id: string
  /** Title and text joined as MTEB does. */
  readonly text: string
}

/** One subset and split of a task that ranks documents, as read: queries in their order, documents in corpus order. */
export interface RankedData {
  readonly queries: readonly JudgedQuery[]
  readonly documents: readonly TaskDocument[]
  /** Ids of the candidates of a query, in the data's order; null = the whole corpus is searched. */
  readonly topRanked: ReadonlyMap<string, readonly string[]> | null
  /** FollowIR: base query id -> documents whose judgment changed; null elsewhere. */
  readonly changed: ReadonlyMap<string, readonly string[]> | null
  /** Queries without a judgment: dropped, as MTEB does. */
  readonly unjudgedQueryCount: number
  /** Judgments naming a query that is not there; judgments of known queries naming a document outside the corpus. */
  readonly unknownQueryCount: number
  readonly unknownDocumentCount: number
}

/** A query as read, before judgments and instructions are joined to it. */
export interface ReadQuery {
  readonly id: string
  readonly text: QueryText
  readonly kind: string | null
}

export interface RankedParts {
  readonly documents: readonly TaskDocument[]
  readonly queries: readonly ReadQuery[]
  readonly qrels: Qrels
  readonly topRanked?: ReadonlyMap<string, readonly string[]> | null
  readonly instructions?: ReadonlyMap<string, string> | null
  readonly changed?: ReadonlyMap<string, readonly string[]> | null
  /** What refusals call the parts. */
  readonly names: { readonly corpus: string; readonly queries: string; readonly qrels: string }
}

/**
 * Joins the parts of a task that ranks documents (protocol 2.1, 2.5). Queries without a judgment are dropped and counted;
 * with instructions every judged query needs one (`SB-TASK-007`, as MTEB raises). An empty side is `SB-TASK-004`.
 */
export function joinRanked(parts: RankedParts, mistakes: MistakeList): RankedData {
  const { documents, qrels, instructions, names } = parts
  const before = mistakes.count
  if (documents.length === 0 && before === 0) mistakes.add('SB-TASK-004', { side: 'the corpus' }, { file: names.corpus })
  const queries: JudgedQuery[] = []
  for (const { id, text, kind } of parts.queries) {
    const grades = qrels.get(id)
    if (!grades) continue
    const instruction = instructions?.get(id)
    if (instructions && instruction === undefined)
      mistakes.add('SB-TASK-007', { field: `the instruction of query "${id}"`, wanted: 'there' }, { file: names.queries })
    queries.push({ id, text: instruction === undefined ? text.text : withInstruction(text, instruction), kind, grades })
  }
  if (queries.length === 0 && before === 0)
    mistakes.add('SB-TASK-004', { side: 'the set of judged queries' }, { file: names.qrels })
  return {
    queries,
    documents,
    topRanked: parts.topRanked ?? null,
    changed: parts.changed ?? null,
    unjudgedQueryCount: parts.queries.length - queries.length,
    ...countUnknown(qrels, queries, documents),
  }
}

function countUnknown(qrels: Qrels, queries: readonly JudgedQuery[], documents: readonly TaskDocument[]) {
  const queryIds = new Set(queries.map((query) => query.id))
  const documentIds = new Set(documents.map((document) => document.id))
  let unknownQueryCount = 0
  let unknownDocumentCount = 0
  for (const [query, grades] of qrels) {
    if (!queryIds.has(query)) unknownQueryCount += grades.size
    else for (const document of grades.keys()) if (!documentIds.has(document)) unknownDocumentCount += 1
  }
  return { unknownQueryCount, unknownDocumentCount }
}
