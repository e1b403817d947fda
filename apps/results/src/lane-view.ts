import { SCORE_LANE } from '@sweepboard/contracts'
import type { Ledger } from '@sweepboard/ledger'
import type { HostView } from './coordinator-hosts.ts'

/** A lane with work or with slots, as `status` and the metrics show it. */
export interface LaneView {
  /** Load key. */
  readonly lane: string
  readonly model: string
  readonly engine: string
  readonly dtype: string
  /** Work that nobody has been given yet. */
  readonly todoTokens: number
  readonly todoChunks: number
  /** Leases handed out and not ended, and their tokens. */
  readonly openLeases: number
  readonly openTokens: number
  /** Slots that have it in memory or are loading it. */
  readonly slots: number
  /** Sum of what its slots measured; null where none has measured it yet. */
  readonly tokensPerSecond: number | null
  readonly etaSeconds: number | null
}

type Read = Pick<Ledger, 'laneBacklogs' | 'openLeases' | 'load'>

/** Every lane but that of scoring; the one with the most work left first. */
export function laneViews(ledger: Read, hosts: readonly HostView[]): LaneView[] {
  const backlogs = new Map(ledger.laneBacklogs().map((backlog) => [backlog.lane, backlog]))
  const leases = Map.groupBy(ledger.openLeases(), ({ lane }) => lane)
  const slots = Map.groupBy(
    hosts.flatMap((host) => host.slots.filter(({ lane }) => lane !== null)),
    ({ lane }) => lane as string,
  )
  const lanes = new Set([...backlogs.keys(), ...leases.keys(), ...slots.keys()])
  lanes.delete(SCORE_LANE)
  return [...lanes]
    .flatMap((lane) => {
      const load = ledger.load(lane)
      if (load === null) return []
      const [of, open] = [slots.get(lane) ?? [], leases.get(lane) ?? []]
      const rates = of.flatMap(({ tokensPerSecond, state }) => (state === 'serving' ? [tokensPerSecond[lane] ?? []].flat() : []))
      const rate = rates.length === 0 ? null : sum(rates)
      const { todoTokens = 0, todoChunks = 0 } = backlogs.get(lane) ?? {}
      const openTokens = sum(open.map(({ tokens }) => tokens))
      return [
        {
          lane,
          model: load.model,
          engine: load.identity.engine,
          dtype: load.identity.dtype,
          todoTokens,
          todoChunks,
          openLeases: open.length,
          openTokens,
          slots: of.length,
          tokensPerSecond: rate,
          etaSeconds: rate === null || rate <= 0 ? null : (todoTokens + openTokens) / rate,
        },
      ]
    })
    .sort((a, b) => b.todoTokens + b.openTokens - (a.todoTokens + a.openTokens) || (a.lane < b.lane ? -1 : 1))
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
