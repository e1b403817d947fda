import { z } from 'zod'
import type { Service } from './service.ts'

/** What a service says of itself to whoever asks. */
export const Health = z.strictObject({
  ok: z.literal(true).describe('The service answers, whatever its queue does'),
  version: z.string(),
  queue: z
    .enum(['up', 'away'])
    .describe('Whether the queue (Redis, in a fleet) answers the service; without it no work is handed out'),
  queueAwayForMs: z.number().nonnegative().nullable().describe('Since it was found away; null while it is up'),
  isJoinable: z.boolean().describe('Whether workers of other hosts can join'),
})
export type Health = z.infer<typeof Health>

export function healthOf({ version, coordinator, isJoinable }: Pick<Service, 'version' | 'coordinator' | 'isJoinable'>): Health {
  const queueAwayForMs = coordinator.queueAwayForMs()
  return { ok: true, version, queue: queueAwayForMs === null ? 'up' : 'away', queueAwayForMs, isJoinable }
}
