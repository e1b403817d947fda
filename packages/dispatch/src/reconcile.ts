/** An open lease as the reconciler sees it; times in ms of the service's monotonic clock, null before this service's time. */
export interface OpenLease {
  readonly id: string
  readonly lane: string
  readonly isClaimed: boolean
  readonly sentAt: number | null
  /** When a beat of its host last named it, or when it was claimed. */
  readonly namedAt: number | null
}

export interface Situation {
  readonly now: number
  /** The service's start, or the first beat after a time in which it heard nobody. */
  readonly heardSince: number
  /** Whether any host is live: where none is, nobody could take what a silent one holds. */
  readonly isHeard: boolean
  readonly graceMs: number
  readonly leases: readonly OpenLease[]
  /** Lanes that a live slot serves. */
  readonly servedLanes: ReadonlySet<string>
  /** Waiting tickets by lane, as far as asked; null where the queue does not answer. */
  readonly waiting: ReadonlyMap<string, readonly string[]> | null
}

export type ReconcileAction =
  | { readonly kind: 'expire'; readonly lease: string; readonly lane: string; readonly why: 'lost' | 'stranded' | 'silent' }
  | { readonly kind: 'remove-ticket'; readonly ticket: string; readonly lane: string }

/**
 * The disagreements between ledger, queue and beats (protocol section 7) and what to do about each. Only closes leases and removes
 * tickets; the dispatcher does the rest. Grace starts again with the service, and
 * with the first host it hears after it heard none: nobody pays for the service's own absence, nor for a network that cut it off from all.
 */
export function reconcile(situation: Situation): ReconcileAction[] {
  const { now, heardSince, isHeard, graceMs, waiting } = situation
  const actions: ReconcileAction[] = []
  const open = new Map(situation.leases.map((lease) => [lease.id, lease]))
  for (const lease of situation.leases) {
    const last = Math.max(heardSince, lease.sentAt ?? heardSince, lease.namedAt ?? heardSince)
    if (now - last <= graceMs || (lease.isClaimed && !isHeard)) continue
    const why = lease.isClaimed ? 'silent' : unclaimedReason(lease, situation)
    if (why !== null) actions.push({ kind: 'expire', lease: lease.id, lane: lease.lane, why })
  }
  for (const [lane, tickets] of waiting ?? []) {
    for (const ticket of tickets) {
      const lease = open.get(ticket)
      if (lease === undefined || lease.isClaimed) actions.push({ kind: 'remove-ticket', ticket, lane })
    }
  }
  return actions
}

function unclaimedReason(lease: OpenLease, { servedLanes, waiting }: Situation): 'lost' | 'stranded' | null {
  const tickets = waiting?.get(lease.lane)
  if (tickets === undefined) return null
  if (!tickets.includes(lease.id)) return 'lost'
  return servedLanes.has(lease.lane) ? null : 'stranded'
}

/** (boot, seq) orders a host's messages. */
export interface Moment {
  readonly boot: number
  readonly seq: number
}

export function isAfter(a: Moment, b: Moment): boolean {
  return a.boot > b.boot || (a.boot === b.boot && a.seq > b.seq)
}

/** Leases of a host that a beat should have named and did not: claimed before the beat was composed. */
export function omittedLeases(
  held: readonly { readonly id: string; readonly boot: number; readonly claimSeq: number }[],
  beat: Moment & { readonly holding: readonly string[] },
): string[] {
  const named = new Set(beat.holding)
  return held
    .filter((lease) => !named.has(lease.id) && isAfter(beat, { boot: lease.boot, seq: lease.claimSeq }))
    .map(({ id }) => id)
}

/** Leases a beat names and must stop: not in the ledger, or claimed by another host. */
export function leasesToStop(
  holding: readonly string[],
  host: string,
  holderOf: (lease: string) => string | null | undefined,
): string[] {
  return holding.filter((id) => {
    const holder = holderOf(id)
    return holder === undefined || (holder !== null && holder !== host)
  })
}
