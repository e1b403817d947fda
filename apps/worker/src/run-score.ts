import type { Digest, End, TextSetRef } from '@sweepboard/contracts'
import { SweepError, toSweepError } from '@sweepboard/contracts'
import type { AnyScoreWork, MissingChunk, ScoreOutcome } from './child-message.ts'
import { isDiskFull } from './durable-file.ts'
import { endOf } from './end-message.ts'
import type { HeldRun } from './held-leases.ts'
import type { Host } from './host.ts'
import { JobLimit } from './job-limit.ts'
import type { Scorer } from './scorer.ts'

/**
 * Runs one claimed lease of the score lane: fetches what it reads into the cache, has it scored, and
 * leaves results, failures, found pairs or missing chunks as one `end` in the outbox. Rejects when the lease was stopped.
 */
export async function runScore(work: AnyScoreWork, host: Host, scorer: Scorer, held: HeldRun): Promise<void> {
  const limit = new JobLimit(held.controller.signal, host.jobMs)
  const { signal } = limit
  const { chunks, others } = inputsOf(work)
  const unpin = host.cache.pin([...others, ...chunks.map(({ digest }) => digest)])
  try {
    const missing = await fetchAll(chunks, host, signal)
    if (missing.length > 0) return await tellEnd(work, host, { missing })
    for (const digest of others) await host.cache.fetch(digest, signal)
    held.computing = true
    host.fault('score.read')
    const reply = await scoreTwice({ work, chunks, host, scorer }, signal)
    host.fault('score.done')
    const { results, failures: scoreFailures, missing: gone, pairSet } = reply
    await tellEnd(work, host, {
      results,
      scoreFailures,
      missing: gone,
      ...(pairSet === undefined ? {} : { pairSet: plain(pairSet) }),
    })
  } catch (thrown) {
    held.controller.signal.throwIfAborted()
    if (isDiskFull(thrown)) throw thrown
    const { code, message, fix, kind } = limit.isOver ? limit.failure() : toSweepError(thrown)
    host.options.log({ event: 'failed', lease: work.lease, code, kind, message })
    const failure = { code, message: message.slice(0, 4000), fix }
    if (work.kind === 'pairs') return await tellEnd(work, host, { pairsFailure: failure })
    await tellEnd(work, host, { scoreFailures: work.configs.map(({ key }) => ({ config: key, ...failure })) })
  } finally {
    limit.close()
    unpin()
  }
}

/** Artifacts of chunks, which can be made again, and the others. */
function inputsOf(work: AnyScoreWork): { readonly chunks: MissingChunk[]; readonly others: Digest[] } {
  const sides = work.kind === 'score' ? [work.queries, work.documents] : work.kind === 'rerank' ? work.pairs : []
  const chunks = sides.flatMap(({ encoding, chunks }) => chunks.map(({ n, digest }) => ({ encoding, n, digest })))
  if (work.kind === 'score') return { chunks, others: [work.judgments] }
  if (work.kind === 'derive') return { chunks, others: [work.judgments, ...work.runs] }
  if (work.kind === 'rerank')
    return { chunks, others: [work.judgments, ...(work.run ? [work.run] : []), ...sides.map(({ textSet }) => textSet)] }
  const { judgments, queries, documents, runs, known } = work
  return { chunks, others: [judgments, queries, documents, ...runs.map(({ run }) => run), ...known] }
}

/** The pair set as it travels: without `readonly`. */
function plain({ digest, count, bytes, bounds, chunkBytes }: TextSetRef): NonNullable<End['pairSet']> {
  return { digest, count, bytes, bounds: bounds.map(([start, end]) => [start, end]), chunkBytes: [...chunkBytes] }
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
  { work, chunks, host, scorer }: { work: AnyScoreWork; chunks: readonly MissingChunk[]; host: Host; scorer: Scorer },
  signal: AbortSignal,
): Promise<ScoreOutcome> {
  const first = await scorer.score(work, signal)
  if (first.missing.length === 0) return first
  host.cache.discard(first.missing.map(({ digest }) => digest))
  const missing = await fetchAll(chunks, host, signal)
  return missing.length > 0 ? { results: [], failures: [], missing } : scorer.score(work, signal)
}

function isMissing(error: unknown): boolean {
  return error instanceof SweepError && (error.code === 'SB-ART-001' || error.code === 'SB-ART-002')
}

async function tellEnd(work: AnyScoreWork, host: Host, said: Parameters<typeof endOf>[2] = {}): Promise<void> {
  const artifacts = (said.results ?? [])
    .flatMap(({ run, perQuery }) => [run, perQuery])
    .concat(said.pairSet?.digest ?? null)
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
