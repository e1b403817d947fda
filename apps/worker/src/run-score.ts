import type { Digest, ScoreWork } from '@sweepboard/contracts'
import { SweepError, toSweepError } from '@sweepboard/contracts'
import type { MissingChunk, ScoreReply } from './child-message.ts'
import { SupervisedChild } from './child-process.ts'
import { isDiskFull } from './durable-file.ts'
import { endOf } from './end-message.ts'
import type { HeldRun } from './held-leases.ts'
import type { Host } from './host.ts'

/** A scoring child that dies may have been taken down from outside: it gets a second chance, not a third. */
const TRIES = 2

/**
 * Runs one claimed score lease: fetches judgments and vectors into the cache, scores in a child process of its own, and
 * leaves results, failures or missing chunks as one `end` in the outbox. Rejects when the lease was stopped.
 */
export async function runScore(work: ScoreWork, host: Host, held: HeldRun): Promise<void> {
  const { signal } = held.controller
  const chunks = [work.queries, work.documents].flatMap(({ encoding, chunks }) =>
    chunks.map(({ n, digest }) => ({ encoding, n, digest })),
  )
  const pins = [work.judgments, ...chunks.map(({ digest }) => digest)]
  const unpin = host.cache.pin(pins)
  try {
    const missing = await fetchAll(chunks, host, signal)
    if (missing.length > 0) return await tellEnd(work, host, { missing })
    await host.cache.fetch(work.judgments, signal)
    held.computing = true
    host.fault('score.read')
    const reply = await scoreTwice(work, chunks, host, signal)
    host.fault('score.done')
    await tellEnd(work, host, { results: reply.results, scoreFailures: reply.failures, missing: reply.missing })
  } catch (thrown) {
    signal.throwIfAborted()
    if (isDiskFull(thrown)) throw thrown
    const { code, message, fix, kind } = toSweepError(thrown)
    host.options.log({ event: 'failed', lease: work.lease, code, kind, message })
    await tellEnd(work, host, {
      scoreFailures: work.configs.map(({ key }) => ({ config: key, code, message: message.slice(0, 4000), fix })),
    })
  } finally {
    unpin()
  }
}

async function fetchAll(chunks: readonly MissingChunk[], host: Host, signal: AbortSignal): Promise<MissingChunk[]> {
  const missing: MissingChunk[] = []
  for (const chunk of chunks) {
    await host.cache.fetch(chunk.digest, signal).catch((error) => {
      if (!isMissing(error)) throw error
      missing.push(chunk)
    })
  }
  return missing
}

/** A chunk the child calls missing may be a damaged copy of ours: fetched anew once, before the service is told. */
async function scoreTwice(
  work: ScoreWork,
  chunks: readonly MissingChunk[],
  host: Host,
  signal: AbortSignal,
): Promise<ScoreReply> {
  const first = await scoreInChild(work, host, signal)
  if (first.missing.length === 0) return first
  host.cache.discard(first.missing.map(({ digest }) => digest))
  const missing = await fetchAll(chunks, host, signal)
  return missing.length > 0 ? { results: [], failures: [], missing } : scoreInChild(work, host, signal)
}

function isMissing(error: unknown): boolean {
  return error instanceof SweepError && (error.code === 'SB-ART-001' || error.code === 'SB-ART-002')
}

async function scoreInChild(work: ScoreWork, host: Host, signal: AbortSignal): Promise<ScoreReply> {
  for (let tries = 1; ; tries += 1) {
    const entry = new URL('./scoring-child.ts', import.meta.url)
    const child = new SupervisedChild({ entry, noProgressMs: host.noProgressMs, now: host.now })
    try {
      const where = { host: host.folder.host, code: host.options.code }
      return await child.request({ kind: 'score', work, where, artifacts: host.folder.artifacts }, signal)
    } catch (error) {
      signal.throwIfAborted()
      const died = error instanceof SweepError && error.code === 'SB-MODEL-008'
      if (!died || tries >= TRIES) throw error
      host.options.log({ event: 'child-gone', slot: 'score', message: error.message })
    } finally {
      await child.kill()
    }
  }
}

async function tellEnd(work: ScoreWork, host: Host, said: Parameters<typeof endOf>[2] = {}): Promise<void> {
  const artifacts = (said.results ?? [])
    .flatMap(({ run, perQuery }) => [run, perQuery])
    .filter((one): one is Digest => one !== null)
  await host.outbox.add({ kind: 'end', end: endOf(host, work.lease, said), artifacts })
  host.fault('outbox.written')
  host.options.log({
    event: 'scored',
    lease: work.lease,
    results: said.results?.length ?? 0,
    failures: said.scoreFailures?.length ?? 0,
    missing: said.missing?.length ?? 0,
  })
}
