import { type ChunkFailure, SweepError, toSweepError } from '@sweepboard/contracts'
import { Backoff, pause } from './backoff.ts'
import type { EncodeReply, EncodeRequest, EngineFacts } from './child-message.ts'
import type { Company } from './company.ts'
import { isDiskFull } from './durable-file.ts'
import { type EngineChild, EngineNotOpened } from './engine-child.ts'
import { failureClass } from './failure-class.ts'
import { isolate } from './isolate.ts'
import { JobLimit } from './job-limit.ts'

/** Padded tokens below which a batch is not cut further. */
const LEAST_BUDGET = 256
const MEMORY_TRIES = 3

export type ChunkRequest = Pick<EncodeRequest, 'side' | 'textSet' | 'start' | 'end'>
export type ChunkOutcome =
  | { readonly state: 'done'; readonly reply: EncodeReply; readonly facts: EngineFacts; readonly splits: number }
  | { readonly state: 'failed'; readonly failure: Omit<ChunkFailure, 'encoding' | 'n'> }
  /** Nothing against the chunk: another slot, or this one later. */
  | { readonly state: 'give-back'; readonly reason: SweepError; readonly close: 'for-good' | 'for-a-while' }
  /** The slot leaves its lane, and the server is not waited for: nothing against the chunk nor the lane. */
  | { readonly state: 'left' }

export interface ChunkTools {
  readonly engine: EngineChild
  readonly signal: AbortSignal
  /** Aborted when the slot leaves its lane: from then on a busy engine is not waited for. */
  readonly leaving: AbortSignal
  /** Aborted when an engine that has the chunk is not waited for either. */
  readonly abandoned: AbortSignal
  /** Milliseconds the chunk may take, whatever is tried with it. */
  readonly jobMs: number
  readonly onWriting: () => void
  /** How long a busy engine is waited for. */
  readonly busyMs: number
  readonly now: () => number
  /** Padded tokens of a batch as the load plans them. */
  readonly plannedTokens: number
  /** Token budget of (slot, load key) now: null = as planned. */
  readonly budget: () => number | null
  readonly setBudget: (budget: number) => Promise<void>
  readonly onChildGone: (error: SweepError) => void
  /** The engine is waited for: a server that is away or overloaded, longer than its client waits by itself. */
  readonly onBusy: (error: SweepError) => void
  /** Shared by the chunks that one engine has in hand at once; null where there is never more than one. */
  readonly company: Company | null
}

/** A failure that has been judged: it goes up as it is, past every search and retry. */
class Judged extends Error {
  readonly outcome: ChunkOutcome

  constructor(outcome: ChunkOutcome) {
    super('judged')
    this.outcome = outcome
  }
}

/**
 * Encodes one chunk, come what may: waits for a busy engine, halves the token budget when memory runs out, and searches
 * for the text that brings the engine down, all within the job's limit. Rejects only when aborted or when the worker itself cannot go on
 * (disk).
 */
export async function encodeChunk(request: ChunkRequest, given: ChunkTools): Promise<ChunkOutcome> {
  const stopped = AbortSignal.any([given.signal, given.abandoned])
  const limit = new JobLimit(stopped, given.jobMs)
  try {
    const tools = { ...given, limit, stopped }
    return tools.company === null
      ? await encodeOrSearch(request, { tools, before: null })
      : await encodeInCompany(request, tools, tools.company)
  } catch (error) {
    if (error instanceof Judged) return error.outcome
    if (given.abandoned.aborted && !given.signal.aborted && error === given.abandoned.reason) return { state: 'left' }
    throw error
  } finally {
    limit.close()
  }
}

interface Tools extends ChunkTools {
  readonly limit: JobLimit
  /** Its job is stopped, or not waited for. */
  readonly stopped: AbortSignal
}

/**
 * Among other chunks. A failure in company that is no text's and no lane's says nothing of this chunk, since any of them may be the cause:
 * it is asked again with the engine to itself, and judged by that.
 */
async function encodeInCompany(request: ChunkRequest, tools: Tools, company: Company): Promise<ChunkOutcome> {
  const budget = tools.budget()
  const ask = () => attempt(request, { tools, keep: true, budget })
  const { result, hadCompany } = await company.together(tools.stopped, ask)
  const isUnchanged = tools.budget() === budget
  if (hasCutForMemory(result) && isUnchanged) await halveBudget(tools, budget)
  if (!(result instanceof SweepError)) return result
  if (failureClass(result) === 'engine' && !hadCompany) return failed('engine', result, null)
  const named = namedText(result, request)
  if (named !== null) return failed('poison', result, named)
  // Where another chunk has taught a smaller budget meanwhile, this is a first try again.
  const before = isUnchanged ? result : null
  return company.alone(tools.stopped, () => encodeOrSearch(request, { tools, before }))
}

/** `before`: how the same request failed already. */
async function encodeOrSearch(
  request: ChunkRequest,
  { tools, before }: { tools: Tools; before: SweepError | null },
): Promise<ChunkOutcome> {
  let first = await withMemory(request, tools, before)
  // A server may die for reasons of its own: only a second death over the same texts asks for a search among them.
  if (isServerDeath(first) && !isServerDeath(before)) first = await withMemory(request, tools, null)
  if (!(first instanceof SweepError)) return first
  if (failureClass(first) === 'engine') return failed('engine', first, null)
  if (isServerDeath(first) && request.end - request.start === 1)
    // Alone, twice. There is no neighbour to ask whether the server is worth anything.
    return tools.engine.hasEncoded ? failed('poison', first, request.start) : failed('engine', first, null)
  const named = namedText(first, request)
  if (named !== null) return failed('poison', first, named)
  const probe = async (start: number, end: number) => {
    const result = await attempt({ ...request, start, end }, { tools, keep: false, budget: tools.budget() })
    if (!(result instanceof SweepError)) return null
    if (isServerDeath(result) && !(await encodesAnother({ ...request, start, end }, request, tools)))
      throw new Judged(failed('engine', result, null))
    return result
  }
  const poison = await isolate(probe, request.start, request.end)
  if (poison !== null) return failed('poison', poison.error, poison.text)
  const again = await attempt(request, { tools, keep: true, budget: tools.budget() })
  return again instanceof SweepError ? failed('engine', again, null) : again
}

/**
 * Whether a new server encodes a text of the chunk that the dead one was not asked for: then it was those texts that it died of. This also
 * keeps one such text from using up the restarts that a server has.
 */
async function encodesAnother(died: ChunkRequest, chunk: ChunkRequest, tools: Tools): Promise<boolean> {
  const other = died.start > chunk.start ? chunk.start : chunk.end - 1
  const result = await attempt({ ...chunk, start: other, end: other + 1 }, { tools, keep: false, budget: tools.budget() })
  return !(result instanceof SweepError)
}

/** The text the engine itself found to fail, twice and alone, counted in the text set; null when it names none. */
function namedText(error: SweepError, { start, end }: ChunkRequest): number | null {
  const { text } = error.details
  return typeof text === 'number' && Number.isInteger(text) && text >= 0 && text < end - start ? start + text : null
}

/**
 * One try; when memory seems to have run out, one more as it was (the cause may have been a neighbour) and up to three
 * with halved token budgets, of which one that works is kept. An engine that survived and cut its batches itself has its
 * budget halved for the chunks to come.
 */
async function withMemory(request: ChunkRequest, tools: Tools, before: SweepError | null): Promise<ChunkOutcome | SweepError> {
  const known = tools.budget()
  const again = () => attempt(request, { tools, keep: true, budget: known })
  let result: ChunkOutcome | SweepError | null = isOutOfMemory(before) ? before : null
  result ??= await again()
  // Not of a server: its log says what it died of, and its restarts are counted.
  if (isOutOfMemory(result) && !isServer(result)) result = await again()
  let budget = known ?? tools.plannedTokens
  if (hasCutForMemory(result)) await halveBudget(tools, known)
  for (let splits = 1; splits <= MEMORY_TRIES && isOutOfMemory(result) && budget >= LEAST_BUDGET * 2; splits += 1) {
    budget = Math.floor(budget / 2)
    result = await attempt(request, { tools, keep: true, budget })
    if (result instanceof SweepError) continue
    await tools.setBudget(budget)
    return result.state === 'done' ? { ...result, splits } : result
  }
  return result
}

async function halveBudget(tools: ChunkTools, known: number | null): Promise<void> {
  await tools.setBudget(Math.max(LEAST_BUDGET, Math.floor((known ?? tools.plannedTokens) / 2)))
}

function hasCutForMemory(result: ChunkOutcome | SweepError): boolean {
  return !(result instanceof SweepError) && result.state === 'done' && (result.reply.counts.memorySplitCount ?? 0) > 0
}

function isOutOfMemory(result: ChunkOutcome | SweepError | null): boolean {
  return result instanceof SweepError && failureClass(result) === 'memory'
}

function isServer(result: ChunkOutcome | SweepError): boolean {
  return result instanceof SweepError && result.code === 'SB-WORK-020'
}

function isServerDeath(result: ChunkOutcome | SweepError | null): boolean {
  return result instanceof SweepError && failureClass(result) === 'server'
}

interface Attempt {
  readonly tools: Tools
  readonly keep: boolean
  readonly budget: number | null
}

/** One encode that waits for a busy engine. Returns failures that may be about the texts; throws all others judged. */
async function attempt(request: ChunkRequest, { tools, keep, budget }: Attempt): Promise<ChunkOutcome | SweepError> {
  const started = tools.now()
  const backoff = new Backoff(500, 20_000)
  for (;;) {
    const asked = { ...request, tokenBudget: budget, keep }
    const thrown = await tools.engine.encode(asked, tools.limit.signal, tools.onWriting).then(
      ({ reply, facts }): ChunkOutcome => ({ state: 'done', reply, facts, splits: 0 }),
      (error: unknown) => error,
    )
    if (isOutcome(thrown)) return thrown
    tools.signal.throwIfAborted()
    if (isDiskFull(thrown)) throw thrown
    tools.abandoned.throwIfAborted()
    if (tools.limit.isOver) throw await overrun(tools)
    const error = thrown instanceof EngineNotOpened ? thrown.failure : toSweepError(thrown)
    const kind = failureClass(error)
    if (error.code === 'SB-MODEL-008' || error.code === 'SB-WORK-002') tools.onChildGone(error)
    if (kind === 'busy') {
      tools.onBusy(error)
      const wait = backoff.next()
      if (tools.now() - started + wait > tools.busyMs) throw giveBack(error, 'for-a-while')
      await pause(wait, AbortSignal.any([tools.limit.signal, tools.leaving])).catch((stopped: unknown) => {
        if (tools.stopped.aborted) throw stopped
        throw tools.leaving.aborted ? new Judged({ state: 'left' }) : giveBack(error, 'for-a-while')
      })
    } else if (kind === 'lane') throw giveBack(error, 'for-good')
    else if (thrown instanceof EngineNotOpened) throw giveBack(error, 'for-good')
    else if (kind === 'input') throw new Judged(failed('engine', error, null))
    else if (kind === 'disk' || kind === 'aborted') throw error
    else return error
  }
}

/** Time is up: what computes ends, a server of ours too, because it may hang; the chunk is tried again elsewhere or by a new one. */
async function overrun({ engine, limit }: Tools): Promise<Judged> {
  const failure = limit.failure()
  await engine.end(failure.message)
  return new Judged(failed('engine', failure, null))
}

function isOutcome(value: unknown): value is ChunkOutcome {
  return typeof value === 'object' && value !== null && 'state' in value
}

function giveBack(reason: SweepError, close: 'for-good' | 'for-a-while'): Judged {
  return new Judged({ state: 'give-back', reason, close })
}

function failed(kind: ChunkFailure['kind'], error: SweepError, text: number | null): ChunkOutcome {
  // The engine counts texts from the start of what it was given; people count from the start of the text set.
  const retold = text === null ? error : retell(error, text)
  const { code, message, fix } = retold
  return { state: 'failed', failure: { kind, code, message: message.slice(0, 4000), fix: fix.slice(0, 1000), text } }
}

function retell(error: SweepError, text: number): SweepError {
  if (error.code === 'SB-MODEL-005' || error.code === 'SB-MODEL-006' || (error.code === 'SB-HTTP-009' && 'text' in error.details))
    return new SweepError(error.code, { ...error.details, text })
  // Killed by the kernel over this text alone.
  if (error.code === 'SB-MODEL-008' && error.details.signal === 'SIGKILL') return new SweepError('SB-MODEL-010', { text })
  if (error.code === 'SB-MODEL-008')
    return new SweepError('SB-MODEL-006', { text, message: `the inference child ${error.details.what}` })
  if (error.code === 'SB-WORK-020' && error.details.trouble === 'memory') return new SweepError('SB-MODEL-010', { text })
  if (error.code === 'SB-WORK-020') return new SweepError('SB-MODEL-006', { text, message: `the server ${error.details.what}` })
  return error
}
