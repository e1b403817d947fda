import { type ChunkFailure, type EncodeWork, isPairRecipe, readPairSet, SweepError, toSweepError } from '@sweepboard/contracts'
import { BATCH_PADDED_TOKENS } from '@sweepboard/models'
import { evidenceOf } from './chunk-evidence.ts'
import type { ChunkWindow } from './chunk-window.ts'
import type { ClosedLanes } from './closed-lanes.ts'
import type { Company } from './company.ts'
import { isDiskFull } from './durable-file.ts'
import { type ChunkOutcome, encodeChunk } from './encode-chunk.ts'
import { endOf } from './end-message.ts'
import type { EngineChild } from './engine-child.ts'
import type { HeldRun } from './held-leases.ts'
import type { Host } from './host.ts'
import type { LaunchedServer } from './launched-server.ts'
import type { SlotOption } from './slot-option.ts'
import type { Turn } from './turn.ts'

/** The slot a run computes on. */
export interface EncodeSlot {
  readonly id: string
  readonly device: SlotOption['device']
  readonly engine: EngineChild
  /** One run begins chunks at a time; the other one fetches its texts meanwhile. */
  readonly turn: Turn
  /** The chunks that the engine has in hand. */
  readonly window: ChunkWindow
  /** Shared by them; null where the engine computes here, one chunk at a time. */
  readonly company: Company | null
  readonly closed: ClosedLanes
  /** Aborted when the slot leaves the lane: no further chunk is begun, and what is left goes back. */
  readonly leaving: AbortSignal
  /** Aborted when chunks in hand are not waited for any longer either: the server they need does not answer. */
  readonly abandoned: AbortSignal
  /** The server the engine speaks to, where the worker started it. */
  readonly server: LaunchedServer | null
  /** Serves no more of this lane; of any lane where the reason is that the slot's device is gone. */
  readonly leaveLane: (reason: SweepError) => void
}

/** Ends of children that the log names already: each is the end of all chunks that the child had in hand. */
const told = new WeakSet<SweepError>()

type Part = EncodeWork['parts'][number]
type Chunk = Part['chunks'][number]
type Done = Extract<ChunkOutcome, { state: 'done' }>

/**
 * Runs one claimed encode lease: texts into the cache, then for each chunk mark, encode, artifact, outbox; a server has several in hand,
 * those of the next lease too. A lease whose chunks all went well sends no `end`; failures and chunks not begun go into one. Rejects
 * when the lease was stopped.
 */
export async function runEncode(work: EncodeWork, host: Host, slot: EncodeSlot, held: HeldRun): Promise<void> {
  const { signal } = held.controller
  const releases = [host.cache.pin(work.parts.map(({ textSet }) => textSet))]
  try {
    const failures: ChunkFailure[] = []
    const endTurn = await unlessLeaving(slot, signal, async (waiting) => {
      failures.push(...(await fetchTexts(work, { host, signal: waiting, releases })))
      const turn = await slot.turn.take('exclusive', waiting)
      releases.push(turn)
      releases.push(await host.quarantine.take(work.alone ? 'exclusive' : 'shared', waiting))
      return turn
    })
    if (endTurn === null) return await endLease(work, host, { slot, failures, rest: true })
    held.computing = true
    // A server need not wait for the last chunk of one run: the next run begins its first ones meanwhile.
    const onBegun = slot.company === null ? () => undefined : endTurn
    await computeChunks({ work, failures, host, slot, signal, onBegun })
  } finally {
    for (const release of releases.reverse()) release()
  }
}

/** What is waited for; null where the slot leaves its lane before: a lease that waits behind a long chunk is of more use elsewhere. */
async function unlessLeaving<T>(
  { leaving }: EncodeSlot,
  signal: AbortSignal,
  wait: (signal: AbortSignal) => Promise<T>,
): Promise<T | null> {
  try {
    return await wait(AbortSignal.any([signal, leaving]))
  } catch (error) {
    if (signal.aborted || !leaving.aborted || error !== leaving.reason) throw error
    return null
  }
}

/** Chunks of a text set that the service does not have, or only damaged, fail without the engine. */
async function fetchTexts(work: EncodeWork, fetching: Fetching): Promise<ChunkFailure[]> {
  const { host, signal } = fetching
  const failures: ChunkFailure[] = []
  for (const part of work.parts) {
    const error = await fetchItems(part, fetching).then(
      () => null,
      (thrown: unknown) => thrown,
    )
    signal.throwIfAborted()
    if (error === null) continue
    if (isDiskFull(error)) throw error
    const { code, message, fix } = toSweepError(error)
    const failure = { kind: 'engine', code, message: message.slice(0, 4000), fix, text: null } as const
    failures.push(...part.chunks.map((chunk) => tellFailure(host, part, chunk, failure)))
  }
  return failures
}

interface Fetching {
  readonly host: Host
  readonly signal: AbortSignal
  /** Gets what unpins the texts that pairs point into. */
  readonly releases: (() => void)[]
}

/** A text set, or a pair set with both text sets it points into. */
async function fetchItems({ textSet, side }: Part, { host, signal, releases }: Fetching): Promise<void> {
  await host.cache.fetch(textSet, signal)
  if (!isPairRecipe(side)) return
  const bytes = await host.cache.own(textSet)
  if (bytes === null) throw new SweepError('SB-ART-001', { digest: textSet })
  const { queries, documents } = readPairSet(bytes)
  releases.push(host.cache.pin([queries, documents]))
  for (const digest of [queries, documents]) await host.cache.fetch(digest, signal)
}

/** A lease whose chunks are being computed. */
interface Course {
  readonly work: EncodeWork
  readonly host: Host
  readonly slot: EncodeSlot
  readonly signal: AbortSignal
  /** Chunks that have failed already; more are added. */
  readonly failures: ChunkFailure[]
  /** The last chunk has been begun. */
  readonly onBegun: () => void
}

/** How far it has come. */
interface Progress {
  /** What removes the marks of chunks that are not committed. */
  readonly marks: Set<() => Promise<void>>
  /** Chunks are left over, and go back. */
  rest: boolean
  /** Why the worker itself cannot go on. */
  readonly thrown: unknown[]
}

async function computeChunks(course: Course): Promise<void> {
  const { work, host, slot, signal, failures } = course
  const progress: Progress = { marks: new Set(), rest: false, thrown: [] }
  const inHand: Promise<void>[] = []
  try {
    for (const { part, chunk } of chunksLeft(work, failures)) {
      if (await isKnown(course, part, chunk)) continue
      const requests = Math.ceil((chunk.end - chunk.start) / work.load.open.batchTexts)
      const leave = await unlessLeaving(slot, signal, (waiting) => slot.window.enter(requests, waiting))
      if (leave === null || slot.leaving.aborted) progress.rest = true
      if (progress.rest || progress.thrown.length > 0) {
        leave?.()
        break
      }
      const computed = computeChunk(course, progress, { part, chunk })
      inHand.push(computed.catch((thrown: unknown) => void progress.thrown.push(thrown)).finally(leave))
    }
    course.onBegun()
    await Promise.all(inHand)
    if (progress.thrown.length > 0) throw progress.thrown[0]
    await endLease(work, host, { slot, failures, rest: progress.rest })
  } finally {
    await Promise.all(inHand)
    for (const remove of progress.marks) await remove()
  }
}

/** Tells the service of what failed and that the rest goes back; nothing where all chunks of the lease went well. */
async function endLease({ lease }: EncodeWork, host: Host, { slot, failures, rest }: LeaseEnd): Promise<void> {
  if (rest) host.options.log({ event: 'given-back', lease, slot: slot.id })
  if (!rest && failures.length === 0) return
  await host.outbox.add({ kind: 'end', end: endOf(host, lease, { failures }), artifacts: [] })
  host.fault('outbox.written')
}

interface LeaseEnd {
  readonly slot: EncodeSlot
  readonly failures: ChunkFailure[]
  /** Chunks are left over. */
  readonly rest: boolean
}

/**
 * Whether the outbox holds the chunk already, of a lease that ended while the service was away: it is sent once more in the name of this
 * one, and not computed again.
 */
async function isKnown({ work, host }: Course, { encoding }: Part, { n }: Chunk): Promise<boolean> {
  const commit = host.outbox.commitOf({ ledger: host.ledger, encoding, n })
  if (commit === undefined) return false
  const { lease } = work
  await host.outbox.add({ kind: 'commit', ledger: host.ledger, commit: { ...commit, lease } })
  host.options.log({ event: 'chunk-known', lease, encoding, n })
  return true
}

async function computeChunk(course: Course, progress: Progress, at: { part: Part; chunk: Chunk }): Promise<void> {
  const { work, host, slot, failures } = course
  const { part, chunk } = at
  const unmark = await host.marks.write({ lease: work.lease, ledger: host.ledger, encoding: part.encoding, n: chunk.n })
  progress.marks.add(unmark)
  host.fault('chunk-begun')
  const outcome = await encodeOn(course, part, chunk)
  if (outcome.state === 'done') {
    await commit({ work, part, chunk, outcome }, host, slot)
    progress.marks.delete(unmark)
    await unmark()
  } else if (outcome.state === 'failed') failures.push(tellFailure(host, part, chunk, outcome.failure))
  else {
    progress.rest = true
    if (outcome.state === 'give-back') closeLane({ host, slot, lane: work.load.key }, outcome)
  }
}

function chunksLeft(work: EncodeWork, failures: readonly ChunkFailure[]): { part: Part; chunk: Chunk }[] {
  const failed = new Set(failures.map(({ encoding, n }) => `${encoding} ${n}`))
  const all = work.parts.flatMap((part) => part.chunks.map((chunk) => ({ part, chunk })))
  return all.filter(({ part, chunk }) => !failed.has(`${part.encoding} ${chunk.n}`))
}

interface Place {
  readonly host: Host
  readonly slot: EncodeSlot
  readonly lane: string
}

function encodeOn({ host, slot, work, signal }: Course, part: Part, chunk: Chunk): Promise<ChunkOutcome> {
  const lane = work.load.key
  const { batchPaddedTokens } = work.load.identity.options
  return encodeChunk(
    { side: part.side, textSet: part.textSet, start: chunk.start, end: chunk.end },
    {
      engine: slot.engine,
      company: slot.company,
      signal,
      leaving: slot.leaving,
      abandoned: slot.abandoned,
      jobMs: host.jobMs,
      onWriting: () => host.fault('artifact.before'),
      busyMs: host.noProgressMs,
      now: host.now,
      plannedTokens: typeof batchPaddedTokens === 'number' ? batchPaddedTokens : BATCH_PADDED_TOKENS,
      budget: () => host.memory.budget(slot.id, lane),
      setBudget: (budget) => host.memory.setBudget(slot.id, lane, budget),
      onChildGone: (error) => {
        if (!told.has(error)) host.options.log({ event: 'child-gone', slot: slot.id, lane, message: error.message })
        told.add(error)
      },
      onBusy: (error) =>
        host.options.log({ event: 'engine-busy', slot: slot.id, lane, model: work.load.model, message: error.message }),
    },
  )
}

async function commit(
  done: { work: EncodeWork; part: Part; chunk: Chunk; outcome: Done },
  host: Host,
  slot: EncodeSlot,
): Promise<void> {
  const { work, part, chunk, outcome } = done
  const { digest } = outcome.reply
  if (digest === null) throw new TypeError('a kept chunk has a digest')
  host.fault('artifact.written')
  slot.server?.measure()
  const evidence = evidenceOf(outcome, chunk.end - chunk.start, { host, slot, lane: work.load.key })
  const { lease } = work
  await host.outbox.add({
    kind: 'commit',
    ledger: host.ledger,
    commit: { lease, encoding: part.encoding, n: chunk.n, digest, evidence },
  })
  host.fault('outbox.written')
  slot.closed.reopen(work.load.key)
  const { tokenCount, encodeSeconds } = evidence
  const { counts, byteCount } = outcome.reply
  // Where all had been answered before nothing was computed now.
  if ((counts.keptCount ?? 0) < counts.batchCount || counts.batchCount === 0)
    await host.memory.measured(slot.id, work.load.key, (tokenCount > 0 ? tokenCount : byteCount / 4) / encodeSeconds)
  if (slot.device === 'cpu') await host.memory.held(slot.id, work.load.key, evidence.peakMemoryBytes)
  host.options.log({
    event: 'chunk',
    lease,
    slot: slot.id,
    encoding: part.encoding,
    n: chunk.n,
    model: work.load.model,
    texts: evidence.textCount,
    tokens: evidence.tokenCount,
    splits: evidence.splitCount,
    encodeSeconds,
  })
}

function tellFailure(host: Host, part: Part, chunk: Chunk, failure: Omit<ChunkFailure, 'encoding' | 'n'>): ChunkFailure {
  const told: ChunkFailure = { encoding: part.encoding, n: chunk.n, ...failure }
  host.options.log({ event: 'chunk-failed', ...told })
  return told
}

function closeLane({ host, slot, lane }: Place, { reason, close }: Extract<ChunkOutcome, { state: 'give-back' }>): void {
  // All chunks in hand meet the same end: it closes the lane once.
  if (slot.closed.isClosed(lane)) return
  slot.closed.close(lane, reason.message, close === 'for-good')
  host.options.log({ event: 'lane-closed', slot: slot.id, lane, forGood: close === 'for-good', message: reason.message })
  slot.leaveLane(reason)
}
