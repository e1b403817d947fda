import { join } from 'node:path'
import { documentText } from './document-text.ts'
import { readJsonRows } from './json-rows.ts'
import { MistakeList } from './mistake-list.ts'
import { type Qrels, readQrels } from './qrels-file.ts'

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

/** One subset and split of a retrieval task, as read: queries in the order of queries.jsonl, documents in corpus order. */
export interface TaskData {
  readonly queries: readonly JudgedQuery[]
  readonly documents: readonly TaskDocument[]
  /** Queries without a judgment: dropped, as MTEB does. */
  readonly unjudgedQueryCount: number
  /** Judgments naming a query outside queries.jsonl; judgments of known queries naming a document outside the corpus. */
  readonly unknownQueryCount: number
  readonly unknownDocumentCount: number
}

const CORPUS_ROW = { required: ['_id', 'text'], optional: ['title'] }
const QUERY_ROW = { required: ['_id', 'text'], optional: ['kind'] }

/**
 * Reads a task folder (docs/tasks.md) whole or not at all. Empty texts, unjudged queries and judgments that name unknown
 * ids are kept or counted, not refused. Holds all texts in memory, once.
 * @throws SweepError `SB-TASK-001` with every mistake of the three files, each with file and line (the first 50 of them)
 */
export async function readTaskData(task: string, folder: string, split: string): Promise<TaskData> {
  const mistakes = new MistakeList(task)
  const files = {
    corpus: join(folder, 'corpus.jsonl'),
    queries: join(folder, 'queries.jsonl'),
    qrels: join(folder, 'qrels', `${split}.tsv`),
  }
  const documents: TaskDocument[] = []
  await readJsonRows(files.corpus, CORPUS_ROW, {
    mistakes,
    visit: ({ _id, title, text }) => documents.push({ id: _id as string, text: documentText(title, text as string) }),
  })
  if (documents.length === 0 && mistakes.count === 0) mistakes.add('SB-TASK-004', { side: 'the corpus' }, { file: files.corpus })

  const beforeQueries = mistakes.count
  const qrels = await readQrels(files.qrels, mistakes)
  const queries: JudgedQuery[] = []
  let unjudgedQueryCount = 0
  await readJsonRows(files.queries, QUERY_ROW, {
    mistakes,
    visit: ({ _id, text, kind }) => {
      const grades = qrels.get(_id as string)
      if (grades) queries.push({ id: _id as string, text: text as string, kind: kind ?? null, grades })
      else unjudgedQueryCount += 1
    },
  })
  if (queries.length === 0 && mistakes.count === beforeQueries)
    mistakes.add('SB-TASK-004', { side: 'the set of judged queries' }, { file: files.qrels })
  mistakes.refuse()
  return { queries, documents, unjudgedQueryCount, ...countUnknown(qrels, queries, documents) }
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
