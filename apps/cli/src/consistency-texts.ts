import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readTextSet, TaskJudgments, type TaskRef } from '@sweepboard/contracts'
import { probeSet } from '@sweepboard/models'
import { type HubSettings, prepareInChild } from '@sweepboard/tasks'
import type { NamedTaskData } from './find-task.ts'
import { printNote } from './output.ts'

/** A text with the id it is reported by. */
export interface NamedText {
  readonly id: string
  readonly kind: string
  readonly text: string
}

/** What two engines are compared on. */
export interface ConsistencyTexts {
  /** Words for people and rows: `probe set 1`, `SciFact (default, test), 1000 texts`. */
  readonly name: string
  /** Whose instructions the recipes take. */
  readonly ref: TaskRef
  /** Null where the texts belong to no task. */
  readonly instruction: NamedTaskData['instruction'] | null
  readonly documents: readonly NamedText[]
  readonly queries: readonly NamedText[]
  /** Whether each document ranks all others; else each query ranks the documents. */
  readonly ranksDocuments: boolean
  /** For rerankers: place of a query, places of the documents it is paired with. */
  readonly pairs: readonly { readonly query: number; readonly documents: readonly number[] }[]
}

const DOCUMENTS_PER_QUERY = 10
/** Queries taken for each document of the limit. */
const QUERY_SHARE = 0.2
const RERANKED_QUERIES = 50

/** The built-in texts: each ranks all others, and each question has ten of them as pairs. */
export function probeTexts(): ConsistencyTexts {
  const { version, texts, questions } = probeSet()
  const name = `probe set ${version}`
  const ref: TaskRef = {
    task: name,
    subset: 'default',
    split: 'test',
    source: { kind: 'shipped', name: 'probe-set' },
    mainScore: 'ndcg_at_10',
    languages: [],
    ignoreIdenticalIds: false,
    limit: null,
    catalog: null,
  }
  return {
    name,
    ref,
    instruction: null,
    documents: texts,
    queries: questions,
    ranksDocuments: true,
    pairs: questions.map(({ documents }, query) => ({ query, documents })),
  }
}

/**
 * Texts of a task: at most `limit` documents and a fifth as many queries, both evenly spaced through the data. A task whose sides are
 * no queries (STS, bitext, pairs) gives its second texts as documents and its first ones as queries.
 *
 * @throws SweepError as `prepareInChild` does
 */
export async function taskTexts(
  { ref, instruction }: NamedTaskData,
  { limit, hub, signal }: { readonly limit: number; readonly hub: HubSettings; readonly signal: AbortSignal },
): Promise<ConsistencyTexts> {
  const folder = mkdtempSync(join(tmpdir(), 'sweepboard-consistency-'))
  try {
    const prepared = await prepareInChild(ref, folder, signal, { hub, onNote: (note) => printNote(`note: ${note}`) })
    const read = (digest: string) => readFileSync(join(folder, digest.slice(0, 2), digest))
    const judgments = TaskJudgments.parse(JSON.parse(read(prepared.judgments).toString('utf8')))
    const ids = idsOf(judgments)
    const all = { documents: readTextSet(read(prepared.documents.digest)), queries: readTextSet(read(prepared.queries.digest)) }
    const documents = spaced(all.documents.length, limit)
    const queries = spaced(all.queries.length, Math.max(1, Math.round(limit * QUERY_SHARE)))
    const kind = ref.task
    return {
      name: `${ref.task} (${ref.subset}, ${ref.split}), ${documents.length} of ${all.documents.length} documents, ${queries.length} of ${all.queries.length} queries`,
      ref,
      instruction,
      documents: documents.map((row) => ({ id: ids.document(row), kind, text: all.documents[row] as string })),
      queries: queries.map((row) => ({ id: ids.query(row), kind, text: all.queries[row] as string })),
      ranksDocuments: false,
      pairs: spaced(queries.length, RERANKED_QUERIES).map((query) => ({ query, documents: window(query, documents.length) })),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function idsOf(judgments: TaskJudgments): { query: (row: number) => string; document: (row: number) => string } {
  if (!('queryIds' in judgments)) return { query: (row) => `first text ${row}`, document: (row) => `second text ${row}` }
  // A text set holds each distinct text once: the first of several ids stands for it.
  const byRow = (ids: readonly string[], rows: readonly number[]) => {
    const found = new Map<number, string>()
    rows.forEach((row, i) => {
      if (!found.has(row)) found.set(row, ids[i] as string)
    })
    return (row: number) => found.get(row) ?? `row ${row}`
  }
  return {
    query: byRow(judgments.queryIds, judgments.queryRows),
    document: byRow(judgments.documentIds, judgments.documentRows),
  }
}

/** At most `limit` of the places 0 to count - 1, evenly spaced. */
function spaced(count: number, limit: number): number[] {
  const taken = Math.min(count, limit)
  return Array.from({ length: taken }, (_, i) => Math.floor((i * count) / taken))
}

/** Ten neighbouring places that move on with each query. */
function window(query: number, count: number): number[] {
  const length = Math.min(DOCUMENTS_PER_QUERY, count)
  return Array.from({ length }, (_, i) => (query * length + i) % count)
}
