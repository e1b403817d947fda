import type { PreparationCounts, TaskJudgments } from '@sweepboard/contracts'
import { distinctTexts } from './distinct-texts.ts'
import { pythonStrip } from './python-strip.ts'
import type { BitextData, RankedData, RerankingSample, TextPair, TypedData } from './task-data.ts'

/** What is stored of a task: the distinct texts of both roles, and judgments that name them by row. */
export interface JudgedTexts {
  readonly queries: readonly string[]
  readonly documents: readonly string[]
  readonly judgments: TaskJudgments
  readonly counts: PreparationCounts
}

/** Texts and judgments of a task as read; `ignoreIdenticalIds` belongs to tasks that rank documents. */
export function judgmentsOf(data: TypedData, ignoreIdenticalIds: boolean): JudgedTexts {
  if ('ranked' in data) return ofRanked(data.type, data.ranked, ignoreIdenticalIds)
  if ('samples' in data) return ofSamples(data.samples)
  if ('bitext' in data) return ofBitext(data.bitext)
  const { firsts, seconds, rows } = pairRows(data.pairs)
  const judgments: TaskJudgments =
    data.type === 'STS'
      ? { version: 1, type: 'sts', pairs: rows, minScore: data.minScore, maxScore: data.maxScore }
      : { version: 1, type: 'pairs', pairs: rows.map(([a, b, label]) => [a, b, label === 1 ? 1 : 0]) }
  const texts = { first: data.pairs.map(({ first }) => first), second: data.pairs.map(({ second }) => second) }
  return { queries: firsts, documents: seconds, judgments, counts: countTexts(texts, data.pairs.length) }
}

function ofRanked(type: TypedData['type'], data: RankedData, ignoreIdenticalIds: boolean): JudgedTexts {
  const queries = distinctTexts(data.queries.map(({ text }) => text))
  const documents = distinctTexts(data.documents.map(({ text }) => text))
  const plain = {
    version: 1 as const,
    queryIds: data.queries.map(({ id }) => id),
    queryRows: queries.rows,
    documentIds: data.documents.map(({ id }) => id),
    documentRows: documents.rows,
    qrels: data.queries.map(({ grades }) => [...grades]),
    ignoreIdenticalIds,
    kinds: data.queries.some(({ kind }) => kind !== null) ? data.queries.map(({ kind }) => kind ?? '') : null,
  }
  const texts = { first: data.queries.map(({ text }) => text), second: data.documents.map(({ text }) => text) }
  const { unjudgedQueryCount, unknownQueryCount, unknownDocumentCount } = data
  const counts = {
    ...countTexts(
      texts,
      data.queries.reduce((sum, { grades }) => sum + grades.size, 0),
    ),
    unjudgedQueryCount,
    unknownQueryCount,
    unknownDocumentCount,
  }
  const stored = { queries: queries.texts, documents: documents.texts, counts }
  if (type === 'Reranking') return { ...stored, judgments: { ...plain, type: 'reranking', topRanked: candidates(data) } }
  if (type === 'Retrieval') return { ...stored, judgments: plain }
  const changed = [...(data.changed ?? [])].map(([id, ids]): [string, string[]] => [id, [...ids]])
  return { ...stored, judgments: { ...plain, type: 'instruction-reranking', topRanked: candidates(data), changed } }
}

/** [queries][candidates] places in `documents`. */
function candidates({ queries, documents, topRanked }: RankedData): number[][] {
  const placeOf = new Map(documents.map(({ id }, place) => [id, place]))
  return queries.map(({ id }) => (topRanked?.get(id) ?? []).flatMap((candidate) => placeOf.get(candidate) ?? []))
}

function ofSamples(samples: readonly RerankingSample[]): JudgedTexts {
  const first = samples.flatMap(({ queries }) => queries)
  const second = samples.flatMap(({ positive, negative }) => [...positive, ...negative])
  const queries = distinctTexts(first)
  const documents = distinctTexts(second)
  let query = 0
  let document = 0
  const takeDocuments = (count: number) => {
    document += count
    return documents.rows.slice(document - count, document)
  }
  const rows = samples.map((sample) => {
    query += sample.queries.length
    return {
      queryRows: queries.rows.slice(query - sample.queries.length, query),
      positiveRows: takeDocuments(sample.positive.length),
      negativeRows: takeDocuments(sample.negative.length),
    }
  })
  return {
    queries: queries.texts,
    documents: documents.texts,
    judgments: { version: 1, type: 'reranking-v1', samples: rows },
    counts: { ...countTexts({ first, second }, second.length), queryCount: samples.length },
  }
}

function ofBitext({ first, second, gold }: BitextData): JudgedTexts {
  const firsts = distinctTexts(first)
  const seconds = distinctTexts(second)
  return {
    queries: firsts.texts,
    documents: seconds.texts,
    judgments: { version: 1, type: 'bitext', firstRows: firsts.rows, secondRows: seconds.rows, gold: [...gold] },
    counts: countTexts({ first, second }, gold.length),
  }
}

function pairRows(pairs: readonly TextPair[]) {
  const firsts = distinctTexts(pairs.map(({ first }) => first))
  const seconds = distinctTexts(pairs.map(({ second }) => second))
  const rows = pairs.map(({ value }, i): [number, number, number] => [firsts.rows[i] as number, seconds.rows[i] as number, value])
  return { firsts: firsts.texts, seconds: seconds.texts, rows }
}

function countTexts(texts: { first: readonly string[]; second: readonly string[] }, judgmentCount: number): PreparationCounts {
  const bytes = (items: readonly string[]) => items.reduce((sum, text) => sum + Buffer.byteLength(text, 'utf8'), 0)
  const empty = (items: readonly string[]) => items.reduce((sum, text) => sum + (pythonStrip(text) === '' ? 1 : 0), 0)
  return {
    queryCount: texts.first.length,
    documentCount: texts.second.length,
    judgmentCount,
    unjudgedQueryCount: 0,
    unknownQueryCount: 0,
    unknownDocumentCount: 0,
    emptyTextCount: empty(texts.first) + empty(texts.second),
    queryBytes: bytes(texts.first),
    documentBytes: bytes(texts.second),
  }
}
