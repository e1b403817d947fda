import { setTimeout as pause } from 'node:timers/promises'
import { SweepError, taskKey } from '@sweepboard/contracts'
import type { ServiceClient } from './client.ts'
import type { SubmittedSweep } from './plan-schema.ts'
import { SLICE_GROUPS, slicesOf, sweepOfGroups } from './sweep-in-slices.ts'

/** Waits between tries where the service does not answer: it may be restarting. */
const RETRY_MS = [500, 1000, 2000, 4000, 8000]

/**
 * Sends a sweep, a big one in slices. An answer that never came is an answer unknown, so each request is repeated as it was: groups
 * are there once, and the same sweep id is the same sweep. Throws `SB-SERVE-004` where the service stays away, and what it refuses with.
 */
export async function submitSweep(
  client: Pick<ServiceClient, 'post'>,
  sweep: SubmittedSweep,
  waits: readonly number[] = RETRY_MS,
): Promise<{ sweep: string }> {
  if (sweep.plan.groups.length <= SLICE_GROUPS)
    return (await again(() => client.post('/sweeps', sweep), waits)) as { sweep: string }
  for (const slice of slicesOf(sweep, ({ task }) => taskKey(task))) await again(() => client.post('/groups', slice), waits)
  return (await again(() => client.post('/sweeps/by-groups', sweepOfGroups(sweep)), waits)) as { sweep: string }
}

async function again(send: () => Promise<unknown>, [wait, ...later]: readonly number[]): Promise<unknown> {
  try {
    return await send()
  } catch (thrown) {
    if (wait === undefined || !(thrown instanceof SweepError) || thrown.code !== 'SB-SERVE-004') throw thrown
    await pause(wait)
    return again(send, later)
  }
}
