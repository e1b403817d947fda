import { parentPort, workerData } from 'node:worker_threads'
import {
  type Config,
  encodingKey,
  groupKey,
  type Load,
  loadKey,
  type PlannedGroup,
  Recipe,
  recipeKey,
  type TaskRef,
  taskKey,
} from '@sweepboard/contracts'
import { ServiceClient, submitSweep } from '@sweepboard/results'

const { url, groups, whole } = workerData as { url: string; groups: number; whole: boolean }
const TASKS = 200
const CONFIGS: readonly Config[] = ([null, 256, 128] as const).flatMap((dimensions) =>
  (['float32', 'int8', 'binary'] as const).map((precision) => ({ dimensions, precision, similarity: 'cosine' as const })),
)

function load(i: number): Load {
  const identity = {
    engine: 'random' as const,
    weights: null,
    dtype: 'float32',
    provider: 'cpu',
    options: { i },
    fingerprint: null,
  }
  const open = { folder: null, file: null, url: null, keyVariable: null, concurrency: 4, batchTexts: 32, timeoutMs: 1000 }
  return { key: loadKey(identity), model: `acme/m${i}`, revision: '1', identity, open, memoryBytes: 0, parameterCount: null }
}

function group(model: Load, i: number, rank: number): PlannedGroup {
  const task: TaskRef = {
    task: `Task${i}`,
    subset: 'default',
    split: 'test',
    source: { kind: 'shipped', name: `Task${i}` },
    mainScore: 'ndcg_at_10',
    languages: ['eng-Latn'],
    ignoreIdenticalIds: false,
    limit: null,
    catalog: { revision: '0'.repeat(40), queryCount: 300, documentCount: 5000 },
  }
  const recipe = Recipe.parse({ query: { instruction: 'find' }, document: {}, similarity: 'cosine', dimensions: 384 })
  const key = groupKey(encodingKey(model.key, recipe.query), encodingKey(model.key, recipe.document), taskKey(task))
  const planned = { load: model, recipe, recipeKey: recipeKey(model.key, recipe), variant: '' }
  return { key, task, model: planned, sides: { query: recipe.query, document: recipe.document }, configs: CONFIGS, rank }
}

const models = Array.from({ length: Math.ceil(groups / TASKS) }, (_, i) => load(i))
const planned = Array.from({ length: groups }, (_, i) => group(models[Math.floor(i / TASKS)] as Load, i % TASKS, i))
const budget = { cellMs: null, sweepMs: null }
const submission = {
  sweep: 's0123456789ab',
  name: 'big',
  spec: 'sweep: big',
  plan: { sweep: 's0123456789ab', groups: planned, gates: [], warnings: [], isLimited: false, budget },
  prepared: [],
  weight: 1,
}
const bytes = JSON.stringify(submission).length
parentPort?.once('message', async () => {
  const from = performance.now()
  const client = new ServiceClient({ url, token: null, timeoutMs: 120_000 })
  await (whole ? client.post('/sweeps', submission) : submitSweep(client, submission))
  parentPort?.postMessage({ state: 'done', groups, bodyMB: Math.round(bytes / 1e6), seconds: (performance.now() - from) / 1000 })
  parentPort?.close()
})
parentPort?.postMessage({ state: 'ready' })
