import type { Beat, Load, RateLimits } from '@sweepboard/contracts'

/** Stretch over which a client spreads its requests, at most (`RateWindow` of the models package). */
const SPREAD_MS = 10_000
const BURST = 20

interface Holder {
  readonly host: string
  readonly slot: string
  /** Beat in whose answer it was told to leave; it has left when a later one says so. */
  leaveAsked: { readonly boot: number; readonly seq: number } | null
  /** When it was known to have left. */
  leftAt: number | null
}

/**
 * Who has the lane of each endpoint, so that its limits hold while it goes from one slot to another: the next slot is told only when the one
 * before says that it has left, and then after as long as its last requests may count. In memory only; the beats bring it back.
 */
export class EndpointHolders {
  readonly #holders = new Map<string, Holder>()

  /** A beat arrived: a slot that says it has a lane nobody holds, holds it; one that was told to leave, and did, no longer does. */
  heard(beat: Beat, now: number): void {
    for (const { id, device, lane } of beat.slots)
      if (device === 'endpoint' && lane !== null && !this.#holders.has(lane))
        this.#holders.set(lane, { host: beat.host, slot: id, leaveAsked: null, leftAt: null })
    for (const [lane, holder] of this.#holders) {
      const { host, slot, leaveAsked } = holder
      if (host !== beat.host) continue
      // A worker's last beat offers no slot; it is sent when its runs have ended.
      if (!beat.slots.some(({ id }) => id === slot)) holder.leftAt ??= now
      if (leaveAsked === null) continue
      const isLater = beat.boot > leaveAsked.boot || (beat.boot === leaveAsked.boot && beat.seq > leaveAsked.seq)
      if (isLater && !beat.slots.some((one) => one.id === slot && one.lane === lane)) holder.leftAt ??= now
    }
  }

  /**
   * What a slot is to be told in the answer to this beat, where the choice gave it `load`: the load, or null as long as it must wait.
   * `isLive`: whether a host was heard of lately; of one that was not, nothing is waited for but its last requests. `mayBeHeld`: whether a host not
   * heard of since the service was started may have the lane.
   */
  answer(
    beat: Beat,
    given: {
      readonly slot: string
      readonly load: Load | null
      readonly isLive: (host: string) => boolean
      readonly mayBeHeld: (lane: string) => boolean
    },
    now: number,
  ): Load | null {
    const { slot, load, isLive, mayBeHeld } = given
    for (const [lane, holder] of this.#holders)
      if (holder.host === beat.host && holder.slot === slot && lane !== load?.key)
        holder.leaveAsked ??= { boot: beat.boot, seq: beat.seq }
    if (load === null) return null
    const holder = this.#holders.get(load.key)
    if (holder === undefined && mayBeHeld(load.key)) return null
    const isOwn = holder?.host === beat.host && holder.slot === slot && holder.leftAt === null
    if (holder !== undefined && !isOwn) {
      if (!isLive(holder.host)) holder.leftAt ??= now
      if (holder.leftAt === null || now - holder.leftAt < settleMs(load.open.rate)) return null
    }
    this.#holders.set(load.key, { host: beat.host, slot, leaveAsked: null, leftAt: null })
    return load
  }
}

/** How long after one client's last request another one may begin, so that both together stay within a limit: two of its stretches. */
function settleMs(rate: RateLimits | undefined): number {
  const { requests, tokens } = rate ?? {}
  const ofRequests =
    requests === undefined
      ? 0
      : (requests.perMs * Math.max(1, Math.min(BURST, (requests.count * SPREAD_MS) / requests.perMs))) / requests.count
  const ofTokens = tokens === undefined ? 0 : Math.min(tokens.perMs, SPREAD_MS)
  return Math.max(
    requests === undefined ? 0 : Math.min(requests.perMs, 2 * ofRequests),
    tokens === undefined ? 0 : Math.min(tokens.perMs, 2 * ofTokens),
  )
}
