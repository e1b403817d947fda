import { dirname } from 'node:path'
import { performance } from 'node:perf_hooks'
import { openFolderStore } from '@sweepboard/artifacts'
import {
  type ArtifactStore,
  CHUNK_MAX_TEXTS,
  chunkBounds,
  isLexical,
  isPairRecipe,
  isRemote,
  type Load,
  type PairRecipe,
  type PairSet,
  readPairSet,
  readTextSet,
  type SideRecipe,
  SweepError,
  writeTextSet,
  writeVectors,
} from '@sweepboard/contracts'
import {
  type EncodeCounts,
  type EncodeOptions,
  type Engine,
  openEngine,
  openPairEngine,
  openTokenEngine,
  type PairEngine,
  type TokenEngine,
} from '@sweepboard/models'
import type { EncodeReply, EncodeRequest, EngineFacts, OpenRequest } from './child-message.ts'
import { type RequestTools, serveParent } from './child-side.ts'
import { type EnergyCounter, openEnergyCounter } from './energy-counter.ts'
import { type Fault, openFault } from './fault.ts'
import { clearKept, KeptAnswers } from './kept-answers.ts'
import { measureQueries } from './query-probe.ts'
import { SharedClock } from './shared-clock.ts'
import { Turn } from './turn.ts'
import { weightsBytesOf } from './weights-bytes.ts'

/** The process that holds one engine: opens it once, then encodes ranges of text sets, or scores ranges of pair sets. */

/** What was computed of one range: vectors `[items, dim]`, or token lists; the score of a pair is a vector of one dimension. */
interface Computed {
  /** Bytes of the chunk's artifact. */
  readonly artifact: () => Uint8Array
  /** 0 for token lists. */
  readonly dim: number
  readonly counts: EncodeCounts
  readonly byteCount: number
}
interface Opened {
  readonly facts: Omit<Engine, 'encode' | 'close'>
  readonly artifacts: ArtifactStore
  readonly fault: Fault
  /** Latencies of single queries; absent where a server computes: no request goes out that no text needs. */
  readonly probe?: (side: SideRecipe, options: { signal: AbortSignal; onProgress: () => void }) => Promise<number[]>
  compute(side: SideRecipe | PairRecipe, range: Omit<EncodeRequest, 'kind' | 'side'>, options: EncodeOptions): Promise<Computed>
}
let opened: Opened | null = null
/** Where answers of the server are kept; null where none are. */
let keptFolder: string | null = null
/** Chunks that a server has in hand overlap. */
const clock = new SharedClock(() => performance.now())
/** Work under way; the first chunk has the engine to itself until single queries are timed behind it. */
const turn = new Turn()
let isProbed = false
let weightsBytes: number | null = null
let energy: EnergyCounter | null = null
/** The sets read last: the chunks of a lease mostly come from the same ones. */
const recent = new Map<string, Promise<readonly string[]>>()
let lastPairs: { readonly digest: string; readonly set: PairSet } | null = null
const RECENT = 3

async function open(request: OpenRequest, { news }: RequestTools): Promise<EngineFacts> {
  const fault = openFault(request.crashAt ?? undefined)
  fault('load')
  const artifacts = openFolderStore(request.artifacts)
  const options = {
    onNews: news,
    ...(request.apiKey === null ? {} : { apiKey: request.apiKey }),
    ...(request.threads === null ? {} : { threads: request.threads }),
    ...(request.modelsRoot === null ? {} : { modelsRoot: request.modelsRoot }),
  }
  const { pair } = request.load.open
  if (pair !== undefined)
    opened = pairsWith(await openPairEngine(request.load, pair, options), { artifacts, fault, load: request.load, pair })
  else if (isLexical(request.load)) opened = tokensWith(openTokenEngine(), { artifacts, fault })
  else {
    const engine = await openEngine(request.load, options)
    const texts = textsWith(engine, { artifacts, fault })
    opened = isRemote(request.load) ? texts : { ...texts, probe: (side, how) => measureQueries(engine, side, how) }
  }
  keptFolder = request.kept
  if (keptFolder !== null) clearKept(dirname(keptFolder))
  weightsBytes = weightsBytesOf(request.load)
  energy = isRemote(request.load) ? null : openEnergyCounter()
  const { engine, version, provider, dtype, device, loadSeconds } = opened.facts
  return { engine, version, provider, dtype, device, loadSeconds }
}

function textsWith(engine: Engine, { artifacts, fault }: Pick<Opened, 'artifacts' | 'fault'>): Opened {
  return {
    facts: engine,
    artifacts,
    fault,
    async compute(side, { textSet, start, end }, options) {
      if (isPairRecipe(side)) throw new SweepError('SB-CORE-001', { message: 'an encoder got pairs to score' })
      const set = await readTexts(textSet, artifacts)
      const texts = set.slice(start, end)
      const { vectors, counts } = await engine.encode(side, texts, { ...options, ahead: chunkAfter(set, end) })
      return { artifact: () => writeVectors(vectors), dim: vectors.dim, counts, byteCount: bytesOf(texts) }
    },
  }
}

/** The texts of the chunk that begins at `start`: mostly the next one asked for. */
function chunkAfter(set: readonly string[], start: number): readonly string[] {
  const following = set.slice(start, start + CHUNK_MAX_TEXTS)
  const [chunk] = chunkBounds(following.map((text) => Buffer.byteLength(text)))
  return following.slice(0, chunk?.end ?? 0)
}

function tokensWith(engine: TokenEngine, { artifacts, fault }: Pick<Opened, 'artifacts' | 'fault'>): Opened {
  return {
    facts: engine,
    artifacts,
    fault,
    async compute(side, { textSet, start, end }, options) {
      if (isPairRecipe(side)) throw new SweepError('SB-CORE-001', { message: 'a token engine got pairs to score' })
      const texts = (await readTexts(textSet, artifacts)).slice(start, end)
      const { lists, counts } = await engine.analyze(side, texts, options)
      return { artifact: () => writeTextSet(lists), dim: 0, counts, byteCount: bytesOf(texts) }
    },
  }
}

function bytesOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
}

function pairsWith(
  engine: PairEngine,
  { artifacts, fault, load, pair }: Pick<Opened, 'artifacts' | 'fault'> & { load: Load; pair: PairRecipe },
): Opened {
  return {
    facts: engine,
    artifacts,
    fault,
    async compute(side, { textSet, start, end }, options) {
      if (!isPairRecipe(side)) throw new SweepError('SB-CORE-001', { message: 'a reranker got texts to encode' })
      // One engine serves one recipe; only the instruction may differ, because every pair brings its own.
      if (JSON.stringify({ ...side, instruction: null }) !== JSON.stringify({ ...pair, instruction: null }))
        throw new SweepError('SB-CORE-001', { message: `two recipes in the lane of ${load.model}` })
      if (lastPairs?.digest !== textSet) lastPairs = { digest: textSet, set: readPairSet(await artifacts.get(textSet)) }
      const { set } = lastPairs
      const queries = await readTexts(set.queries, artifacts)
      const documents = await readTexts(set.documents, artifacts)
      const pairs = Array.from(set.queryRows.subarray(start, end), (row, i) => ({
        query: queries[row] as string,
        document: documents[set.documentRows[start + i] as number] as string,
        instruction: side.instruction,
      }))
      const byteCount = pairs.reduce(
        (sum, { query, document }) => sum + Buffer.byteLength(query) + Buffer.byteLength(document),
        0,
      )
      const { scores, counts } = await engine.scorePairs(pairs, options)
      const vectors = { rowCount: scores.length, dim: 1, values: new Float32Array(scores) }
      return { artifact: () => writeVectors(vectors), dim: 1, counts, byteCount }
    },
  }
}

async function readTexts(digest: string, artifacts: ArtifactStore): Promise<readonly string[]> {
  const texts = recent.get(digest) ?? artifacts.get(digest).then(readTextSet)
  recent.delete(digest)
  recent.set(digest, texts)
  for (const oldest of recent.keys()) if (recent.size > RECENT) recent.delete(oldest)
  // What could not be read is read again: the worker fetches it anew.
  texts.catch(() => recent.get(digest) === texts && recent.delete(digest))
  return texts
}

/** Chunks share the engine, but for the one behind which single queries are timed. */
async function takeTurn(request: EncodeRequest, { signal }: RequestTools): Promise<() => void> {
  const isTimed = () => !isProbed && opened?.probe !== undefined && request.keep && !isPairRecipe(request.side)
  if (!isTimed()) return turn.take('shared', signal)
  const leave = await turn.take('exclusive', signal)
  if (isTimed()) return leave
  leave()
  return turn.take('shared', signal)
}

async function encode(request: EncodeRequest, tools: RequestTools): Promise<EncodeReply> {
  if (opened === null) throw new SweepError('SB-CORE-001', { message: 'encode before open' })
  const leave = await takeTurn(request, tools)
  try {
    return await encodeNow(opened, request, tools)
  } finally {
    leave()
  }
}

async function encodeNow(opened: Opened, request: EncodeRequest, tools: RequestTools): Promise<EncodeReply> {
  const { artifacts, fault } = opened
  tools.progress()
  fault('batch')
  energy?.lap()
  const end = clock.begin()
  let encodeSeconds = 0
  // A search for a poison text is about what the server does now.
  const keeper = keptFolder === null || !request.keep ? null : new KeptAnswers(keptFolder)
  const { artifact, dim, counts, byteCount } = await opened
    .compute(request.side, request, {
      signal: tools.signal,
      onProgress: tools.progress,
      ...(request.tokenBudget === null ? {} : { tokenBudget: request.tokenBudget }),
      ...(keeper && { keeper }),
    })
    .finally(() => {
      encodeSeconds = end()
    })
  // What an earlier try took for its part is put at what the rest took.
  const { batchCount, keptCount = 0 } = counts
  if (keptCount < batchCount) encodeSeconds *= batchCount / (batchCount - keptCount)
  const energyJoules = energy?.lap() ?? null
  let digest: string | null = null
  if (request.keep) {
    await tools.writing()
    fault('write')
    digest = await artifacts.put(artifact())
    await keeper?.clear()
  }
  const peakMemoryBytes = process.resourceUsage().maxRSS * 1024
  const residentBytes = process.memoryUsage.rss()
  const queryMs = request.keep ? await probeOnce(opened, request.side, tools) : null
  return {
    ...{ digest, dim, byteCount, encodeSeconds, peakMemoryBytes, residentBytes, counts },
    ...(queryMs && { queryMs }),
    ...(weightsBytes !== null && { weightsBytes }),
    ...(energyJoules !== null && { energyJoules }),
  }
}

/** Times single queries behind the first chunk of this process, when the engine is warm. A chunk that is written does not fail with them. */
async function probeOnce({ probe }: Opened, side: SideRecipe | PairRecipe, tools: RequestTools): Promise<number[] | null> {
  if (isProbed || probe === undefined || isPairRecipe(side)) return null
  isProbed = true
  return probe(side, { signal: tools.signal, onProgress: tools.progress }).catch((thrown) => {
    tools.signal.throwIfAborted()
    process.stderr.write(`single queries were not timed: ${thrown}\n`)
    return null
  })
}

serveParent((request, tools) => {
  if (request.kind === 'open') return open(request, tools)
  if (request.kind === 'encode') return encode(request, tools)
  throw new SweepError('SB-CORE-001', { message: `the inference child got a ${request.kind} request` })
})
