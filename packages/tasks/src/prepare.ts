import {
  type Digest,
  type Judgments,
  keyOf,
  type PreparationCounts,
  type PreparedTask,
  SweepError,
  type TaskRef,
  taskKey,
} from '@sweepboard/contracts'
import { distinctTexts, storeTextSet } from './distinct-texts.ts'
import { limitTask } from './limit.ts'
import { isPathPart } from './path-part.ts'
import { pythonStrip } from './python-strip.ts'
import { shippedFolder } from './shipped.ts'
import { readTaskData, type TaskData } from './task-data.ts'

/** Stores bytes as an artifact and answers their SHA-256. */
export type PutArtifact = (bytes: Uint8Array) => Promise<Digest>

/**
 * Reads one task subset and split, joins its texts, applies the limit, and stores both text sets and the judgments. The
 * same data gives the same digests anywhere. `datasetRevision` is the catalog's when the whole task has the catalog's
 * numbers of queries and documents, else `local-` and 12 letters of the data's digest.
 * @throws SweepError `SB-TASK-001` with all mistakes, nothing stored; `SB-TASK-008` for an unknown shipped task
 */
export async function prepareTask(ref: TaskRef, put: PutArtifact): Promise<PreparedTask> {
  const whole = await readTaskData(ref.task, folderOf(ref), ref.split)
  const data = ref.limit === null ? whole : limitTask(whole, ref.limit)
  const queryTexts = distinctTexts(data.queries.map((query) => query.text))
  const documentTexts = distinctTexts(data.documents.map((document) => document.text))
  const queries = await storeTextSet(queryTexts.texts, put)
  const documents = await storeTextSet(documentTexts.texts, put)
  const content: Judgments = {
    version: 1,
    queryIds: data.queries.map((query) => query.id),
    queryRows: queryTexts.rows,
    documentIds: data.documents.map((document) => document.id),
    documentRows: documentTexts.rows,
    qrels: data.queries.map((query) => [...query.grades]),
    ignoreIdenticalIds: ref.ignoreIdenticalIds,
    kinds: data.queries.some((query) => query.kind !== null) ? data.queries.map((query) => query.kind ?? '') : null,
  }
  const judgments = await put(Buffer.from(JSON.stringify(content), 'utf8'))
  const counts = countTask(data)
  const isCatalogData =
    ref.limit === null &&
    ref.catalog !== null &&
    ref.catalog.queryCount === counts.queryCount &&
    ref.catalog.documentCount === counts.documentCount
  // Of all three artifacts: other texts under the same ids are another dataset.
  const local = keyOf({ v: 1, queries: queries.digest, documents: documents.digest, judgments })
  const datasetRevision = isCatalogData ? (ref.catalog?.revision as string) : `local-${local.slice(0, 12)}`
  return { key: taskKey(ref), queries, documents, judgments, counts, datasetRevision }
}

function folderOf({ task, source, split }: TaskRef): string {
  if (!isPathPart(split)) throw new SweepError('SB-TASK-010', { task, what: 'split', name: split })
  if (source.kind === 'folder') return source.path
  const folder = shippedFolder(source.name)
  if (folder === null) throw new SweepError('SB-TASK-008', { task, path: source.name })
  return folder
}

function countTask(data: TaskData): PreparationCounts {
  const bytes = (items: readonly { text: string }[]) => items.reduce((sum, { text }) => sum + Buffer.byteLength(text, 'utf8'), 0)
  const empty = (items: readonly { text: string }[]) =>
    items.reduce((sum, { text }) => sum + (pythonStrip(text) === '' ? 1 : 0), 0)
  return {
    queryCount: data.queries.length,
    documentCount: data.documents.length,
    judgmentCount: data.queries.reduce((sum, query) => sum + query.grades.size, 0),
    unjudgedQueryCount: data.unjudgedQueryCount,
    unknownQueryCount: data.unknownQueryCount,
    unknownDocumentCount: data.unknownDocumentCount,
    emptyTextCount: empty(data.queries) + empty(data.documents),
    queryBytes: bytes(data.queries),
    documentBytes: bytes(data.documents),
  }
}
