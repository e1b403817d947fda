import { randomBytes } from 'node:crypto'

/** `j` + 20 hex random: lease id = ticket id = BullMQ job id; used once. */
export function newLeaseId(random: (bytes: number) => Uint8Array = randomBytes): string {
  return `j${Buffer.from(random(10)).toString('hex')}`
}
