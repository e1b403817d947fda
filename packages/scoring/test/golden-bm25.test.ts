import { existsSync, readFileSync } from 'node:fs'
import { configKey, type LexicalScoring, type ScoreWork, sha256, writeTextSet } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
// relative, as scoring itself does not depend on the engines
import { analyzerOf } from '../../models/src/bm25-language.ts'
import { TextAnalyzer } from '../../models/src/bm25-tokens.ts'
import { readRun, scoreLexicalGroup } from '../src/index.ts'
import { MemoryStore, plainJudgments } from './memory-store.ts'

const SHARED = new URL('../../../../shared/', import.meta.url)
const GOLDEN = new URL('golden/evaluators/bm25/', SHARED)
const isThere = existsSync(GOLDEN) && existsSync(new URL('datasets/SciFact/', SHARED))
const SCORING: LexicalScoring = { method: 'lucene', k1: 1.5, b: 0.75, delta: 0.5, frequentShare: null }
/** As far as this data needs Python's `strip`. */
const OUTER_SPACE = /^[ \t\r\n]+|[ \t\r\n]+$/g

interface Case {
  readonly data: string
  readonly expected: {
    readonly entry: Readonly<Record<string, number | 'NaN'>>
    readonly top20: readonly { query: string; tokens?: readonly string[]; top: readonly [string, number][] }[]
  }
}

function rows(path: string): { _id: string; title?: string; text: string }[] {
  const lines = readFileSync(new URL(`datasets/${path}`, SHARED), 'utf8')
    .split('\n')
    .filter(Boolean)
  return lines.map((line) => JSON.parse(line))
}

async function storedSide(store: MemoryStore, lists: readonly (readonly string[])[]): Promise<ScoreWork['queries']> {
  const chunks: ScoreWork['queries']['chunks'] = []
  for (let start = 0; start < lists.length; start += 512) {
    const texts = lists.slice(start, start + 512).map((tokens) => tokens.join(' '))
    chunks.push({ n: chunks.length, start, end: start + texts.length, digest: await store.put(writeTextSet(texts)) })
  }
  return { encoding: chunks.length, textSet: sha256('any'), count: lists.length, chunks }
}

async function scored({ data }: Case, split: string, language: string) {
  const judged = readFileSync(new URL(`datasets/${data}/qrels/${split}.tsv`, SHARED), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
  const qrels = Map.groupBy(
    judged.map((line) => line.split('\t') as [string, string, string]),
    ([query]) => query,
  )
  const queries = rows(`${data}/queries.jsonl`).filter(({ _id }) => qrels.has(_id))
  const documents = rows(`${data}/corpus.jsonl`)
  const analyzer = analyzerOf(language)
  const onQueries = new TextAnalyzer(analyzer)
  const onDocuments = new TextAnalyzer(analyzer.split === 'characters' ? { ...analyzer, lineFeed: true } : analyzer)
  const queryTokens = queries.map(({ text }) => onQueries.tokens(text))
  const text = (one: { title?: string; text: string }) =>
    (one.title ? `${one.title} ${one.text}` : one.text).replace(OUTER_SPACE, '')
  const store = new MemoryStore()
  const judgments = plainJudgments({
    queryIds: queries.map(({ _id }) => _id),
    documentIds: documents.map(({ _id }) => _id),
    qrels: queries.map(({ _id }) => (qrels.get(_id) ?? []).map(([, id, grade]) => [id, Number(grade)] as [string, number])),
  })
  const config = { dimensions: null, precision: 'float32', similarity: 'dot' } as const
  const work: Parameters<typeof scoreLexicalGroup>[0] = {
    kind: 'score',
    lease: 'j00000000000000000000',
    group: 1,
    task: 'Golden',
    mainScore: 'ndcg_at_10',
    judgments: await store.put(Buffer.from(JSON.stringify(judgments))),
    queries: await storedSide(store, queryTokens),
    documents: await storedSide(
      store,
      documents.map((one) => onDocuments.tokens(text(one))),
    ),
    configs: [{ key: configKey(config), config }],
    similarity: 'dot',
    lexical: SCORING,
  }
  const { results, failures } = await scoreLexicalGroup(work, store, { host: 'test', code: 'test' })
  expect(failures).toEqual([])
  const [result] = results
  if (!result?.run) throw new Error('no run')
  const run = readRun(await store.get(result.run))
  const lists = new Map(run.queryIds.map((id, i) => [id, run.lists[i]]))
  const tokens = new Map(queries.map(({ _id }, i) => [_id, queryTokens[i]]))
  return { metrics: result.metrics, lists, tokens }
}

const CASES = [
  { name: 'ailastatutes', split: 'test', language: 'eng' },
  { name: 'scifact', split: 'test', language: 'eng' },
  { name: 'xquad-en', split: 'validation', language: 'eng' },
  { name: 'xquad-de', split: 'validation', language: 'deu' },
  { name: 'xquad-de-english', split: 'validation', language: 'eng' },
  { name: 'xquad-zh', split: 'validation', language: 'zho' },
  { name: 'xquad-zh-english', split: 'validation', language: 'eng' },
]

describe.skipIf(!isThere)('golden/evaluators/bm25: the runs of mteb/baseline-bm25s (skipped without ../shared)', () => {
  it.each(CASES)('$name: tokens, order, float32 scores and every key of the entry', async ({ name, split, language }) => {
    const golden: Case = JSON.parse(readFileSync(new URL(`${name}.json`, GOLDEN), 'utf8'))
    const { metrics, lists, tokens } = await scored(golden, split, language)
    for (const { query, tokens: wanted, top } of golden.expected.top20) {
      if (wanted !== undefined) expect(tokens.get(query)).toEqual(wanted)
      const list = lists.get(query)
      const matching = top.filter(([, score]) => score > 0)
      expect(list?.documentIds.slice(0, matching.length)).toEqual(matching.map(([id]) => id))
      expect([...(list?.scores ?? [])].slice(0, matching.length)).toEqual(matching.map(([, score]) => score))
    }
    const { entry } = golden.expected
    const different = Object.entries(entry).filter(([key, value]) => key !== 'main_score' && (metrics[key] ?? 'NaN') !== value)
    expect(different.map(([key, value]) => [key, value, metrics[key]])).toEqual([])
  })
})
