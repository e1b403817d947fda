import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { SideRecipe } from '@sweepboard/contracts'
// relative, as models itself depends on neither tasks nor metrics
import { scoreRetrieval, spearman } from '../../metrics/src/index.ts'
import { documentText } from '../../tasks/src/document-text.ts'
import { openEngine, resolveModel } from '../src/index.ts'

export const SHARED = new URL('../../../../shared/', import.meta.url)

/** A row: published score of all-MiniLM-L6-v2 and where the data stands in `../shared/datasets`. */
export interface PublishedScore {
  readonly task: string
  readonly published: number
  readonly measure: (encode: Encode) => Promise<number>
}

/** Unit vectors of texts, one row each. */
export type Encode = (side: 'query' | 'document', texts: readonly string[]) => Promise<readonly Float32Array[]>

export const PUBLISHED_SCORES: readonly PublishedScore[] = [
  { task: 'AILAStatutes', published: 0.20516, measure: (encode) => retrieval('AILAStatutes', 'test', encode) },
  { task: 'XQuADRetrieval en', published: 0.94357, measure: (encode) => retrieval('XQuADRetrieval/en', 'validation', encode) },
  { task: 'SciFact', published: 0.64508, measure: (encode) => retrieval('SciFact', 'test', encode) },
  { task: 'STSBenchmark', published: 0.82032, measure: (encode) => similarity(stsBenchmarkPairs(), encode) },
  { task: 'STS12', published: 0.72369, measure: (encode) => similarity(semEvalPairs('STS12'), encode) },
  { task: 'STS15', published: 0.8539, measure: (encode) => similarity(semEvalPairs('STS15'), encode) },
]

/** Opens all-MiniLM-L6-v2 of `../shared/models` and hands a way of encoding with it to `use`. */
export async function withMiniLm<T>(threads: number, use: (encode: Encode) => Promise<T>): Promise<T> {
  const model = fileURLToPath(new URL('models/all-MiniLM-L6-v2', SHARED))
  const { load, recipe } = await resolveModel({ model }, { baseDir: '/' })
  const engine = await openEngine(load, { threads })
  const encode: Encode = async (name, texts) => {
    const side: SideRecipe = recipe[name]
    const { vectors } = await engine.encode(side, texts)
    return texts.map((_, i) => vectors.values.subarray(i * vectors.dim, (i + 1) * vectors.dim))
  }
  try {
    return await use(encode)
  } finally {
    await engine.close()
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let j = 0; j < a.length; j += 1) sum += (a[j] as number) * (b[j] as number)
  return sum
}

/** nDCG@10 of a retrieval folder by exact search. */
async function retrieval(folder: string, split: string, encode: Encode): Promise<number> {
  const read = (file: string) =>
    readFileSync(new URL(`datasets/${folder}/${file}`, SHARED), 'utf8')
      .split('\n')
      .filter(Boolean)
  const judged = read(`qrels/${split}.tsv`).slice(1)
  const qrels = Map.groupBy(
    judged.map((line) => line.split('\t') as [string, string, string]),
    ([query]) => query,
  )
  const rows = (file: string) => read(file).map((line) => JSON.parse(line) as { _id: string; title?: string; text: string })
  const queries = rows('queries.jsonl').filter(({ _id }) => qrels.has(_id))
  const documents = rows('corpus.jsonl')
  const queryVectors = await encode(
    'query',
    queries.map(({ text }) => text),
  )
  const documentVectors = await encode(
    'document',
    documents.map(({ title, text }) => documentText(title, text)),
  )
  const documentIds = documents.map(({ _id }) => _id)
  const runs = queryVectors.map((query) => ({
    documentIds,
    scores: Float32Array.from(documentVectors, (one) => dot(query, one)),
  }))
  const judgments = queries.map(({ _id }) => new Map((qrels.get(_id) ?? []).map(([, id, grade]) => [id, Number(grade)])))
  const { metrics } = scoreRetrieval({ queryIds: queries.map(({ _id }) => _id), qrels: judgments, runs })
  return metrics.ndcg_at_10 as number
}

interface ScoredPair {
  readonly first: string
  readonly second: string
  readonly gold: number
}

/** Spearman's correlation of gold scores and cosines. */
async function similarity(pairs: readonly ScoredPair[], encode: Encode): Promise<number> {
  const firsts = await encode(
    'query',
    pairs.map(({ first }) => first),
  )
  const seconds = await encode(
    'query',
    pairs.map(({ second }) => second),
  )
  const cosines = firsts.map((first, i) => dot(first, seconds[i] as Float32Array))
  return spearman(
    pairs.map(({ gold }) => gold),
    cosines,
  )
}

function stsBenchmarkPairs(): ScoredPair[] {
  const lines = readFileSync(new URL('datasets/stsbenchmark/sts-test.csv', SHARED), 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => {
    const [, , , , gold, first, second] = line.split('\t') as string[]
    return { gold: Number(gold), first: first as string, second: second as string }
  })
}

/** SemEval's parts in order of their names; pairs without a gold score are left out. */
function semEvalPairs(task: string): ScoredPair[] {
  const folder = new URL(`datasets/sts12-15/${task}/`, SHARED)
  const parts = readdirSync(folder).filter((name) => name.startsWith('STS.input.'))
  return parts.sort().flatMap((name) => {
    const golds = readFileSync(new URL(name.replace('.input.', '.gs.'), folder), 'utf8').split('\n')
    const lines = readFileSync(new URL(name, folder), 'utf8').split('\n')
    return lines.flatMap((line, i) => {
      const gold = golds[i]?.trim() ?? ''
      const [first, second] = line.split('\t')
      return gold === '' || first === undefined || second === undefined ? [] : [{ gold: Number(gold), first, second }]
    })
  })
}
