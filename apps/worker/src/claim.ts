import { randomBytes } from 'node:crypto'
import type { ClaimAnswer } from '@sweepboard/contracts'
import { pause } from './backoff.ts'
import type { Host } from './host.ts'

type Granted = Extract<ClaimAnswer, { state: 'granted' }>

/** What a granted claim hands over. */
export type Work = Granted['work']

/** Beats that a claim is waited for before it is repeated: it may hang on a connection that is dead. */
const PATIENCE = 2

/**
 * Claims a lease for one run, and repeats the very same claim each beat until it is answered: an answer that never came, or not within two
 * beats, is unknown, not a refusal. Null when the lease is gone, or somebody else's. Rejects when aborted.
 */
export async function claim(host: Host, where: { lease: string; slot: string }, signal: AbortSignal): Promise<Granted | null> {
  const run = randomBytes(10).toString('hex')
  for (;;) {
    signal.throwIfAborted()
    host.fault('claim-sent')
    const seq = host.lastSeq()
    const sent = host.options.link.claim({ ...where, run, host: host.folder.host, boot: host.folder.boot, seq })
    const answered = new AbortController()
    const late = pause(PATIENCE * host.beatMs, AbortSignal.any([signal, answered.signal])).catch(() => undefined)
    const answer = await Promise.race([sent.catch(() => null), late.then(() => null)])
    answered.abort()
    signal.throwIfAborted()
    if (answer?.state === 'gone') return null
    if (answer?.state === 'granted') {
      host.fault('claimed')
      return answer
    }
    await pause(host.beatMs, signal)
  }
}
