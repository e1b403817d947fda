import { type Digest, keyOf, type PreparedTask, promptSidesOf, type TaskRef, taskKey } from '@sweepboard/contracts'
import { storeTextSet } from './distinct-texts.ts'
import { judgmentsOf } from './judgments-of.ts'
import { type ReadOptions, readTask } from './read-task.ts'

/** Stores bytes as an artifact and answers their SHA-256. */
export type PutArtifact = (bytes: Uint8Array) => Promise<Digest>

/**
 * Reads one task subset and split, joins its texts, applies the limit, and stores both text sets and the judgments. The
 * same data gives the same digests anywhere. `datasetRevision` is the catalog's when the data is the hub's at that
 * revision, or a whole folder has the catalog's numbers of queries and documents, else `local-` and 12 letters of the
 * data's digest.
 * @throws SweepError what `readTask` throws; nothing is stored then
 */
export async function prepareTask(ref: TaskRef, put: PutArtifact, options: ReadOptions = {}): Promise<PreparedTask> {
  const data = await readTask(ref, options)
  const { counts, ...judged } = judgmentsOf(data, ref.ignoreIdenticalIds)
  const queries = await storeTextSet(judged.queries, put)
  const documents = await storeTextSet(judged.documents, put)
  const judgments = await put(Buffer.from(JSON.stringify(judged.judgments), 'utf8'))
  const isCatalogData =
    ref.limit === null &&
    ref.catalog !== null &&
    (ref.source.kind === 'hub'
      ? ref.source.revision === ref.catalog.revision
      : ref.catalog.queryCount === counts.queryCount && ref.catalog.documentCount === counts.documentCount)
  // Of all three artifacts: other texts under the same ids are another dataset.
  const local = keyOf({ v: 1, queries: queries.digest, documents: documents.digest, judgments })
  const datasetRevision = isCatalogData ? (ref.catalog?.revision as string) : `local-${local.slice(0, 12)}`
  const prepared = { key: taskKey(ref), queries, documents, judgments, counts, datasetRevision }
  if (data.type === 'Retrieval') return prepared
  return { ...prepared, type: data.type, promptSides: promptSidesOf(data.type) }
}
