import { SCORE_LANE } from '@sweepboard/contracts'
import { leaseTokens, newSweepCredit, pickChunks, pickSweep, SCORE_COST_SECONDS, windowFor } from '@sweepboard/dispatch'
import type { Ledger } from '@sweepboard/ledger'
import type { HostTable, ServingLane } from './coordinator-hosts.ts'
import type { LaneTable } from './coordinator-lanes.ts'
import type { Tickets } from './coordinator-queue.ts'

export interface LeasingOptions {
  readonly ledger: Ledger
  readonly hosts: HostTable
  readonly lanes: LaneTable
  readonly tickets: Tickets
  /** Called with each ticket before it goes to the queue. */
  readonly made: (ticket: string) => void
}

/** The dispatcher of protocol section 6: fills the window of each lane, fairly between sweeps. */
export class Leasing {
  readonly #options: LeasingOptions
  /** Lanes whose queue may hold tickets. */
  readonly usedLanes = new Set<string>([SCORE_LANE])

  constructor(options: LeasingOptions) {
    this.#options = options
  }

  /** Fills each lane's window; answers how many leases it made. */
  fill(now: number): number {
    const { ledger, hosts, tickets, made } = this.#options
    let leased = 0
    const open = new Map<string, number>()
    for (const { lane } of ledger.openLeases()) open.set(lane, (open.get(lane) ?? 0) + 1)
    const serving = hosts.serving(now)
    const liveSlots = encodeSlots(serving)
    for (const [lane, fleet] of serving) {
      this.usedLanes.add(lane)
      const window = windowFor(fleet.slots, lane === SCORE_LANE ? 'score' : 'encode')
      for (let count = open.get(lane) ?? 0; count < window; count += 1) {
        const ticket = lane === SCORE_LANE ? this.#leaseScore() : this.#leaseEncode(lane, { ...fleet, liveSlots })
        if (ticket === null) break
        leased += 1
        made(ticket)
        tickets.add(ticket, lane)
      }
    }
    return leased
  }

  /** Slot-seconds that a sweep submitted now is ahead by. */
  creditOfNewSweep(now: number): number {
    return newSweepCredit(encodeSlots(this.#options.hosts.serving(now)))
  }

  #leaseEncode(lane: string, fleet: ServingLane & { liveSlots: number }): string | null {
    const { ledger, lanes } = this.#options
    const most = leaseTokens({ ...fleet, tokensLeft: lanes.todoTokens(lane) })
    for (const sweep of pickSweep(ledger.runningSweeps())) {
      const { chunks, tokens } = pickChunks(ledger.todoChunks(lane, sweep.id), most)
      if (chunks.length === 0) continue
      lanes.take(lane, tokens)
      return ledger.leaseEncode({ lane, sweep: sweep.id, chunks, cost: tokens / fleet.slowestTokensPerSecond })
    }
    // Nothing to pick though something was thought to wait: somebody committed chunks that nobody had leased.
    if (lanes.todoTokens(lane) > 0) lanes.outdated()
    return null
  }

  #leaseScore(): string | null {
    const { ledger } = this.#options
    for (const sweep of pickSweep(ledger.runningSweeps())) {
      const [unpaired] = ledger.unpairedGroups(sweep.id, 1)
      if (unpaired !== undefined) return ledger.leasePairs({ sweep: sweep.id, group: unpaired, cost: SCORE_COST_SECONDS })
      const [next] = ledger.scorableGroups(sweep.id, 1)
      if (next !== undefined) return ledger.leaseScore({ sweep: sweep.id, ...next, cost: SCORE_COST_SECONDS })
    }
    return null
  }
}

function encodeSlots(serving: ReadonlyMap<string, ServingLane>): number {
  return [...serving].reduce((sum, [lane, { slots }]) => sum + (lane === SCORE_LANE ? 0 : slots), 0)
}
