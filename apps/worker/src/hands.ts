import { isServed, type Load } from '@sweepboard/contracts'
import { ChunkWindow } from './chunk-window.ts'
import { Company } from './company.ts'

/** One computes, one fetches its texts. */
const TICKETS = 2
/** A server has the chunks of all in hand: until its speed is known, a lease may hold one chunk. As many as a slot's window of leases. */
const SERVER_TICKETS = 3
/** Requests that wait for room, in parts of those under way. */
const REQUESTS_AHEAD = 2

/** How much of a load a slot has in hand at once: of one behind HTTP several chunks, of one that computes in the child one. */
export function handsOf(load: Load): {
  readonly tickets: number
  readonly window: ChunkWindow
  readonly company: Company | null
} {
  if (!isServed(load)) return { tickets: TICKETS, window: new ChunkWindow(0), company: null }
  const window = new ChunkWindow(REQUESTS_AHEAD * load.open.concurrency)
  return { tickets: SERVER_TICKETS, window, company: new Company() }
}
