import { performance } from 'node:perf_hooks'
import { openFolderStore } from '@sweepboard/artifacts'
import { type ArtifactStore, readTextSet, SweepError, writeVectors } from '@sweepboard/contracts'
import { type Engine, openEngine } from '@sweepboard/models'
import type { EncodeReply, EncodeRequest, EngineFacts, OpenRequest } from './child-message.ts'
import { type RequestTools, serveParent } from './child-side.ts'
import { type Fault, openFault } from './fault.ts'

/** The process that holds one engine: opens it once, then encodes ranges of text sets into vector artifacts. */

interface Opened {
  readonly engine: Engine
  readonly artifacts: ArtifactStore
  readonly fault: Fault
}
let opened: Opened | null = null
/** The set read last: the chunks of a lease mostly come from one. */
let recent: { digest: string; texts: readonly string[] } | null = null

async function open(request: OpenRequest): Promise<EngineFacts> {
  const fault = openFault(request.crashAt ?? undefined)
  fault('load')
  const artifacts = openFolderStore(request.artifacts)
  const engine = await openEngine(request.load, {
    ...(request.apiKey === null ? {} : { apiKey: request.apiKey }),
    ...(request.threads === null ? {} : { threads: request.threads }),
    ...(request.modelsRoot === null ? {} : { modelsRoot: request.modelsRoot }),
  })
  opened = { engine, artifacts, fault }
  const { version, provider, dtype, device, loadSeconds } = engine
  return { engine: engine.engine, version, provider, dtype, device, loadSeconds }
}

async function encode(request: EncodeRequest, tools: RequestTools): Promise<EncodeReply> {
  if (opened === null) throw new SweepError('SB-CORE-001', { message: 'encode before open' })
  const { engine, artifacts, fault } = opened
  if (recent?.digest !== request.textSet) {
    recent = { digest: request.textSet, texts: readTextSet(await artifacts.get(request.textSet)) }
  }
  const texts = recent.texts.slice(request.start, request.end)
  tools.progress()
  fault('batch')
  const started = performance.now()
  const { vectors, counts } = await engine.encode(request.side, texts, {
    signal: tools.signal,
    onProgress: tools.progress,
    ...(request.tokenBudget === null ? {} : { tokenBudget: request.tokenBudget }),
  })
  const encodeSeconds = (performance.now() - started) / 1000
  let digest: string | null = null
  if (request.keep) {
    await tools.writing()
    fault('write')
    digest = await artifacts.put(writeVectors(vectors))
  }
  const byteCount = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  const peakMemoryBytes = process.resourceUsage().maxRSS * 1024
  return { digest, dim: vectors.dim, byteCount, encodeSeconds, peakMemoryBytes, counts }
}

serveParent((request, tools) => {
  if (request.kind === 'open') return open(request)
  if (request.kind === 'encode') return encode(request, tools)
  throw new SweepError('SB-CORE-001', { message: `the inference child got a ${request.kind} request` })
})
