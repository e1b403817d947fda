import {
  type ChunkEvidence,
  type Config,
  configKey,
  type End,
  encodingKey,
  groupKey,
  type Load,
  loadKey,
  type Plan,
  type PlannedGroup,
  type PreparedTask,
  Recipe,
  recipeKey,
  sha256,
  type TaskRef,
  taskKey,
} from '@sweepboard/contracts'
import { Ledger, type LedgerOptions } from '../src/index.ts'

export const FULL: Config = { dimensions: null, precision: 'float32', similarity: 'cosine' }
export const SHORT: Config = { dimensions: 8, precision: 'float32', similarity: 'cosine' }

export function memory(options: Partial<LedgerOptions> = {}): Ledger {
  let count = 0
  const random = (bytes: number) => Uint8Array.from({ length: bytes }, (_, i) => (i === bytes - 1 ? count++ : 0))
  return Ledger.open({ folder: null, holder: 'test', random, wallClock: () => 'then', ...options })
}

export function load(name: string): Load {
  const identity = {
    engine: 'random' as const,
    weights: null,
    dtype: 'float32',
    provider: 'cpu',
    options: { name },
    fingerprint: null,
  }
  const open = { folder: null, file: null, url: null, keyVariable: null, concurrency: 4, batchTexts: 32, timeoutMs: 1000 }
  return { key: loadKey(identity), model: name, revision: '1', identity, open, memoryBytes: 0, parameterCount: null }
}

export function task(name: string): TaskRef {
  const source = { kind: 'shipped' as const, name }
  const rest = { mainScore: 'ndcg_at_10', languages: ['eng-Latn'], ignoreIdenticalIds: false, limit: null, catalog: null }
  return { task: name, subset: 'default', split: 'test', source, ...rest }
}

export function group(model: Load, ref: TaskRef, over: { configs?: readonly Config[]; rank?: number } = {}): PlannedGroup {
  const recipe = Recipe.parse({ query: { instruction: 'find' }, document: {}, similarity: 'cosine', dimensions: 16 })
  const key = groupKey(encodingKey(model.key, recipe.query), encodingKey(model.key, recipe.document), taskKey(ref))
  const planned = { load: model, recipe, recipeKey: recipeKey(model.key, recipe), variant: '' }
  return { key, task: ref, model: planned, sides: recipe, configs: over.configs ?? [FULL], rank: over.rank ?? 0 }
}

export function plan(sweep: string, groups: readonly PlannedGroup[], budget: Partial<Plan['budget']> = {}): Plan {
  return { sweep, groups, gates: [], warnings: [], isLimited: false, budget: { cellMs: null, sweepMs: null, ...budget } }
}

/** A task prepared from text sets of so many chunks each; equal names are equal texts. */
export function prepared(ref: TaskRef, queries: [string, number], documents: [string, number]): PreparedTask {
  const set = ([name, chunks]: [string, number]) => {
    const bounds = Array.from({ length: chunks }, (_, n) => [n * 10, n * 10 + 10] as const)
    return { digest: sha256(name), count: chunks * 10, bytes: chunks * 4000, bounds, chunkBytes: bounds.map(() => 4000) }
  }
  const none = {
    queryCount: 1,
    documentCount: 1,
    judgmentCount: 1,
    unjudgedQueryCount: 0,
    unknownQueryCount: 0,
    unknownDocumentCount: 0,
  }
  const counts = { ...none, emptyTextCount: 0, queryBytes: 1, documentBytes: 1 }
  return {
    key: taskKey(ref),
    queries: set(queries),
    documents: set(documents),
    judgments: sha256(`judgments ${ref.task}`),
    counts,
    datasetRevision: 'r1',
  }
}

export const EVIDENCE: ChunkEvidence = {
  host: 'h',
  slot: 's',
  engine: 'random',
  engineVersion: '1',
  provider: 'cpu',
  dtype: 'float32',
  device: 'cpu',
  code: 'c',
  textCount: 10,
  tokenCount: 100,
  paddedTokenCount: 110,
  truncatedCount: 1,
  controlTokenCount: 0,
  emptyTextCount: 0,
  batchCount: 1,
  splitCount: 0,
  loadSeconds: 2,
  encodeSeconds: 0.5,
  peakMemoryBytes: 7,
  dim: 16,
}

/** Submits `groups` under a sweep id. */
export function submit(ledger: Ledger, sweep: string, groups: readonly PlannedGroup[], weight = 1): void {
  ledger.submit({ sweep, name: sweep, spec: 'sweep: x', plan: plan(sweep, groups), createdAt: 'now', weight })
}

/** Leases everything of a lane that a sweep may encode, as one lease. */
export function leaseAll(ledger: Ledger, sweep: string, model: Load): string {
  const chunks = [...ledger.todoChunks(model.key, sweep)].map(({ encoding, n }) => [encoding, n] as const)
  return ledger.leaseEncode({ lane: model.key, sweep, chunks, cost: 1 })
}

export const claimOf = (lease: string, over: Partial<{ run: string; host: string; boot: number; seq: number }> = {}) => ({
  lease,
  run: 'r1',
  host: 'h1',
  boot: 1,
  seq: 0,
  slot: 's',
  ...over,
})

/** Every chunk of a granted encode lease, committed. */
export function commitAll(ledger: Ledger, lease: string): void {
  const answer = ledger.claim(claimOf(lease))
  if (answer.state !== 'granted' || answer.work.kind !== 'encode') throw new Error('not an encode lease')
  const commits = answer.work.parts.flatMap(({ encoding, chunks }) =>
    chunks.map(({ n }) => ({ lease, encoding, n, digest: sha256(`${encoding}/${n}`), evidence: EVIDENCE })),
  )
  ledger.commit(commits, () => true)
}

export function endOf(ledger: Ledger, lease: string, parts: Partial<End> = {}): End {
  return {
    ledger: ledger.id,
    host: 'h1',
    boot: 1,
    lease,
    results: [],
    failures: [],
    scoreFailures: [],
    missing: [],
    crashed: [],
    ...parts,
  }
}

/** Scores the next ready group of a sweep with this main score for each config. */
export function scoreNext(ledger: Ledger, sweep: string, mainScore: number): string {
  const [next] = ledger.scorableGroups(sweep, 1)
  if (next === undefined) throw new Error('nothing to score')
  const lease = ledger.leaseScore({ sweep, ...next, cost: 0.2 })
  ledger.claim(claimOf(lease))
  ledger.end(endOf(ledger, lease, { results: next.configs.map(({ key }) => resultOf(key, mainScore)) }), () => true)
  return lease
}

export function resultOf(config: string, mainScore: number): End['results'][number] {
  const evidence = {
    host: 'h',
    searchSeconds: 1,
    metricSeconds: 1,
    blockCount: 1,
    blockReads: 1,
    peakMemoryBytes: 1,
    calibration: null,
    code: 'c',
  }
  return { config, mainScore, metrics: { ndcg_at_10: mainScore, nauc: null }, run: sha256('run'), perQuery: null, evidence }
}

export const keyOfConfig = configKey
