import { SweepError, toFailureRecord } from '@sweepboard/contracts'
import type { ServerNews } from '@sweepboard/models'
import { startBeat } from './child-beat.ts'
import type { ChildReply, ChildRequest, FromChild, ToChild } from './child-message.ts'

/** How often the same news are told again: a fast server answers a thousand times a second. */
const NEWS_MS = 1000

export interface RequestTools {
  /** Aborted by the parent. */
  readonly signal: AbortSignal
  /** One step of progress: feeds the parent's watchdog. */
  readonly progress: () => void
  /** Tells what the engine's server does. */
  readonly news: (news: ServerNews) => void
  /** Says that the result is computed and is being written; resolves when the parent has been told. */
  readonly writing: () => Promise<void>
}

/**
 * The loop of a child process: answers the parent's requests one by one with `answer`, errors as failure records. Ends
 * with the parent: on disconnect, and by the beat thread even while computing. The parent's pid is the first argument.
 */
export function serveParent(answer: (request: ChildRequest, tools: RequestTools) => Promise<ChildReply<ChildRequest>>): void {
  const progress = startBeat(Number(process.argv[2]))
  const running = new Map<number, AbortController>()
  const send = (message: FromChild) =>
    new Promise<void>((resolve) => {
      if (process.send === undefined) throw new TypeError('not a child process')
      process.send(message, () => resolve())
    })
  let told: { readonly news: ServerNews; readonly at: number } | null = null
  const news = (heard: ServerNews) => {
    const at = performance.now()
    if (told?.news === heard && at - told.at < NEWS_MS) return
    told = { news: heard, at }
    void send({ news: heard })
  }
  const serve = async (id: number, request: ChildRequest) => {
    const controller = new AbortController()
    running.set(id, controller)
    const writing = () => send({ id, note: 'writing' })
    try {
      const value = await answer(request, { signal: controller.signal, progress, news, writing })
      await send({ id, value })
    } catch (thrown) {
      const error = controller.signal.aborted ? new SweepError('SB-CORE-004', { what: request.kind }) : thrown
      await send({ id, failure: toFailureRecord(error) })
    } finally {
      running.delete(id)
    }
  }
  process.on('message', (message: ToChild) => {
    if ('abort' in message) running.get(message.id)?.abort()
    else void serve(message.id, message.request)
  })
  process.on('disconnect', () => process.exit(0))
}
