import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Config,
  chunkBounds,
  encodingKey,
  groupKey,
  type Judgments,
  type Load,
  loadKey,
  type Plan,
  type PreparedTask,
  recipeKey,
  type ServiceLink,
  SideRecipe,
  type TaskRef,
  taskKey,
  writeTextSet,
} from '@sweepboard/contracts'
import { openLocalQueue } from '@sweepboard/queue'
import { openLocalLink, Service } from '@sweepboard/results'
import { waitUntil } from '@sweepboard/test-kit'
import { parseSlots, type RunningWorker, startWorker, type WorkerEvent, type WorkerOptions } from '../src/index.ts'

/** A real service and real workers in this process, with real children, over one temporary folder. */

export const SIDE = SideRecipe.parse({})
export const CONFIG: Config = { dimensions: null, precision: 'float32', similarity: 'cosine' }

export function randomLoad(): Load {
  return loadOf({ engine: 'random', weights: null, dtype: 'float32', provider: 'cpu', options: {}, fingerprint: null }, {})
}

export function endpointLoad(url: string, open: Partial<Load['open']> = {}, model = 'stub'): Load {
  const identity = {
    engine: 'openai',
    weights: null,
    dtype: 'float32',
    provider: 'server',
    options: { model },
    fingerprint: null,
  } as const
  return loadOf(identity, { url, ...open })
}

function loadOf(identity: Load['identity'], open: Partial<Load['open']>): Load {
  return {
    key: loadKey(identity),
    model: identity.engine === 'random' ? 'mteb/baseline-random-encoder' : 'stub',
    revision: '1',
    identity,
    open: { folder: null, file: null, url: null, keyVariable: null, concurrency: 2, batchTexts: 32, timeoutMs: 5000, ...open },
    memoryBytes: 0,
    parameterCount: null,
  }
}

export interface Fleet {
  readonly folder: string
  readonly service: Service
  readonly link: ServiceLink
  /** Submits one group of these texts and answers its sweep id. */
  submit(texts: { queries: string[]; documents: string[] }, load?: Load, side?: SideRecipe): Promise<string>
  worker(options?: Partial<WorkerOptions>): Promise<{ running: RunningWorker; events: WorkerEvent[] }>
  /** Waits until the sweep is done. */
  done(sweep: string, deadlineMs?: number): Promise<void>
  /** Ends the workers, at once. */
  stopWorkers(): Promise<void>
  close(): Promise<void>
}

export async function openFleet(beatMs = 100, folder = mkdtempSync(join(tmpdir(), 'sb-worker-'))): Promise<Fleet> {
  const queue = openLocalQueue()
  const service = await Service.open({
    folder: join(folder, 'service'),
    holder: 'test',
    openQueue: async () => ({ queue, join: { kind: 'local' } }),
    version: '0',
    beatMs,
    tickMs: 50,
    readableRoots: null,
    log: () => undefined,
  })
  service.start()
  const link = openLocalLink(service)
  const workers: RunningWorker[] = []
  let sweeps = 0
  return {
    folder,
    service,
    link,
    submit: async (texts, load = randomLoad(), side = SIDE) => {
      sweeps += 1
      const sweep = `sweep-${sweeps}`
      const { plan, prepared } = await planOf(service, { sweep, texts, load, side })
      // Past `service.submit`, whose first tick would start a preparation of this task, which has no folder.
      service.ledger.submit({ sweep, name: sweep, spec: '', plan, createdAt: '2026-01-01T00:00:00Z' })
      service.ledger.prepared(prepared)
      service.tickSoon()
      return sweep
    },
    worker: async (options = {}) => {
      const events: WorkerEvent[] = []
      const running = await startWorker({
        link,
        // The queue is the fleet's: a worker that ends must not close it for the others.
        queue: () => ({ ...bound(queue), close: async () => undefined }),
        store: service.store,
        folder: join(folder, 'worker'),
        slots: parseSlots('cpu'),
        allowEnv: [],
        readEnv: () => undefined,
        hostname: 'test',
        version: '0',
        code: 'test',
        log: (event) => events.push(event),
        ...options,
      })
      workers.push(running)
      return { running, events }
    },
    done: async (sweep, deadlineMs = 30_000) => {
      await waitUntil(() => service.sweepView(sweep).state === 'done', { deadlineMs, what: `${sweep} done` })
    },
    stopWorkers: async () => {
      for (const running of workers.splice(0)) await running.kill()
    },
    close: async () => {
      for (const running of workers) await running.kill()
      await service.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function bound(queue: ReturnType<typeof openLocalQueue>): ReturnType<typeof openLocalQueue> {
  return {
    add: (...a) => queue.add(...a),
    waiting: (...a) => queue.waiting(...a),
    remove: (...a) => queue.remove(...a),
    consume: (...a) => queue.consume(...a),
    close: () => queue.close(),
  }
}

async function planOf(
  service: Service,
  {
    sweep,
    texts,
    load,
    side,
  }: { sweep: string; texts: { queries: string[]; documents: string[] }; load: Load; side: SideRecipe },
): Promise<{ plan: Plan; prepared: PreparedTask }> {
  const task: TaskRef = {
    task: sweep,
    subset: 'default',
    split: 'test',
    source: { kind: 'shipped', name: sweep },
    mainScore: 'ndcg_at_10',
    languages: ['eng'],
    ignoreIdenticalIds: false,
    limit: null,
    catalog: null,
  }
  const recipe = { query: side, document: side, similarity: 'cosine', dimensions: 32 } as const
  const encoding = encodingKey(load.key, side)
  const model = { load, recipe, recipeKey: recipeKey(load.key, recipe), variant: '' }
  const group = {
    key: groupKey(encoding, encoding, taskKey(task)),
    task,
    model,
    sides: { query: side, document: side },
    configs: [CONFIG],
    rank: 0,
  }
  const plan: Plan = {
    sweep,
    groups: [group],
    gates: [],
    warnings: [],
    isLimited: false,
    budget: { cellMs: null, sweepMs: null },
  }
  const judgments: Judgments = {
    version: 1,
    queryIds: texts.queries.map((_, i) => `q${i}`),
    queryRows: texts.queries.map((_, i) => i),
    documentIds: texts.documents.map((_, i) => `d${i}`),
    documentRows: texts.documents.map((_, i) => i),
    qrels: texts.queries.map((_, i) => [[`d${i % texts.documents.length}`, 1]]),
    ignoreIdenticalIds: false,
    kinds: null,
  }
  const prepared: PreparedTask = {
    key: taskKey(task),
    queries: await storeTexts(service, texts.queries),
    documents: await storeTexts(service, texts.documents),
    judgments: await service.store.put(Buffer.from(JSON.stringify(judgments))),
    counts: {
      queryCount: texts.queries.length,
      documentCount: texts.documents.length,
      judgmentCount: texts.queries.length,
      unjudgedQueryCount: 0,
      unknownQueryCount: 0,
      unknownDocumentCount: 0,
      emptyTextCount: 0,
      queryBytes: 0,
      documentBytes: 0,
    },
    datasetRevision: 'local-test',
  }
  return { plan, prepared }
}

async function storeTexts(service: Service, texts: string[]): Promise<PreparedTask['queries']> {
  const lengths = texts.map((text) => Buffer.byteLength(text))
  const bounds = chunkBounds(lengths).map(({ start, end }) => [start, end] as const)
  const chunkBytes = bounds.map(([start, end]) => lengths.slice(start, end).reduce((a, b) => a + b, 0))
  const digest = await service.store.put(writeTextSet(texts))
  return { digest, count: texts.length, bytes: lengths.reduce((a, b) => a + b, 0), bounds, chunkBytes }
}

/** So many distinct texts. */
export function textsOf(count: number, word = 'text'): string[] {
  return Array.from({ length: count }, (_, i) => `${word} number ${i}`)
}
