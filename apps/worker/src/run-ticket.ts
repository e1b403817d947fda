import { toSweepError } from '@sweepboard/contracts'
import { claim, type Work } from './claim.ts'
import { isDiskFull } from './durable-file.ts'
import { endOf } from './end-message.ts'
import type { HeldRun } from './held-leases.ts'
import type { Host } from './host.ts'

/**
 * One ticket from take to completion: the lease is held from before the claim, run if granted, and everything it made is
 * on disk when this resolves. Never rejects: what went wrong is told to the service, or the lease is given back.
 */
export async function runTicket(
  { host, lease, slot }: { host: Host; lease: string; slot: string },
  run: (work: Work, held: HeldRun) => Promise<void>,
): Promise<void> {
  const held = host.held.begin(lease)
  const { signal } = held.controller
  try {
    host.fault('taken')
    const granted = await claim(host, { lease, slot }, signal)
    if (granted !== null) {
      const { work, sweep } = granted
      host.options.log({ event: 'lease', lease, slot, kind: work.kind, ...(sweep === undefined ? {} : { sweep }) })
      await run(work, held)
    }
    host.fault('ticket.before')
  } catch (error) {
    if (signal.aborted) host.options.log({ event: 'stopped-lease', lease, slot })
    else await giveUp(host, lease, error)
  } finally {
    host.held.end(lease, held)
    host.fault('ticket.done')
  }
}

/** Gives a lease back past the outbox, which may be what failed; if this is lost, the next beat's omission does it. */
async function giveUp(host: Host, lease: string, thrown: unknown): Promise<void> {
  if (isDiskFull(thrown)) host.onDiskFull()
  const { code, message } = toSweepError(thrown)
  host.options.log({ event: 'failed', lease, code, message })
  if (!host.outbox.leases().has(lease)) await host.options.link.end(endOf(host, lease)).catch(() => undefined)
}
