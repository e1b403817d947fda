import { SweepError } from '@sweepboard/contracts'
import type { LaunchCommand } from '@sweepboard/models'
import { pause } from './backoff.ts'
import type { ServerLog } from './server-log.ts'
import type { ServerProcess } from './server-process.ts'

export interface ReadinessLimits {
  /** Milliseconds without a line printed. */
  readonly silentMs: number
  /** Milliseconds in all. */
  readonly mostMs: number
}

const FIRST_LOOK_MS = 50
const LONGEST_LOOK_MS = 2000
const ASK_MS = 5000
const ANSWER_BYTES = 1 << 20

/** Why a server is not ready and will not be; the message is a predicate: `ended with exit code 1`. */
export class NotReady extends Error {
  override readonly name = 'NotReady'
}

/**
 * Waits until the command's route answers 200. Rejects with `NotReady` when the server ends, prints nothing for too long or takes too
 * long altogether, and with the signal's reason when aborted.
 */
export async function untilReady(
  command: Pick<LaunchCommand, 'ready'>,
  server: { readonly process: Pick<ServerProcess, 'ended' | 'alive'>; readonly log: Pick<ServerLog, 'lastAt'> },
  how: ReadinessLimits & { readonly now: () => number; readonly signal: AbortSignal },
): Promise<void> {
  const { now, signal, silentMs, mostMs } = how
  const began = now()
  const ending = new AbortController()
  void server.process.ended.then((what) => ending.abort(new NotReady(what)))
  const either = AbortSignal.any([signal, ending.signal])
  for (let look = FIRST_LOOK_MS; ; look = Math.min(LONGEST_LOOK_MS, look * 1.5)) {
    either.throwIfAborted()
    // Asked of a server that still runs: the port of one that ended may be somebody else's by now.
    if ((await answers(command.ready, either)) && server.process.alive) return
    either.throwIfAborted()
    const seconds = (ms: number) => `${Math.round(ms / 1000)} s`
    if (now() - Math.max(began, server.log.lastAt) > silentMs)
      throw new NotReady(`printed nothing for ${seconds(silentMs)} and is not ready`)
    if (now() - began > mostMs) throw new NotReady(`is not ready after ${seconds(mostMs)}`)
    await pause(look, either)
  }
}

/**
 * The version a server names; null where it has no such route or gives no such answer.
 * @throws SweepError `SB-WORK-022` for one that must not be used
 */
export async function goodVersion(
  command: Pick<LaunchCommand, 'version' | 'refuse'>,
  about: { readonly model: string; readonly server: string; readonly signal: AbortSignal },
): Promise<string | null> {
  const { model, server, signal } = about
  const version = await readVersion(command, signal)
  const reason = version === null ? null : command.refuse(version)
  if (reason !== null) throw new SweepError('SB-WORK-022', { model, server, version, reason })
  return version
}

async function readVersion(command: Pick<LaunchCommand, 'version'>, signal: AbortSignal): Promise<string | null> {
  if (command.version === null) return null
  const answer = await ask(command.version.url, signal)
  if (answer === null) return null
  try {
    return command.version.read(JSON.parse(answer))
  } catch {
    return null
  }
}

async function answers(url: string, signal: AbortSignal): Promise<boolean> {
  return (await ask(url, signal)) !== null
}

/** The body of a 200, cut; null for every other answer and for none. */
async function ask(url: string, signal: AbortSignal): Promise<string | null> {
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]) })
    if (response.status !== 200) {
      await response.body?.cancel()
      return null
    }
    return (await response.text()).slice(0, ANSWER_BYTES)
  } catch {
    return null
  }
}
