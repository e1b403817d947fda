import { type Load, SCORE_LANE } from '@sweepboard/contracts'
import type { Ledger } from '@sweepboard/ledger'
import { z } from 'zod'
import type { HostView } from './coordinator-hosts.ts'
import type { UnservableLanes } from './unservable-lanes.ts'

const count = z.number().nonnegative()

/** A lane with work or with slots, as `status` and the metrics show it. */
export const LaneView = z.strictObject({
  lane: z.string().describe('Load key'),
  model: z.string(),
  engine: z.string().describe('Engine, or the launcher that starts its server'),
  dtype: z.string(),
  todoTokens: count.describe('Work that nobody has been given yet'),
  todoChunks: count,
  openLeases: count.describe('Leases handed out and not ended'),
  openTokens: count,
  slots: count.describe('Slots that have it in memory or are loading it'),
  tokensPerSecond: z.number().nullable().describe('Sum of what its slots measured; null where none has measured it yet'),
  etaSeconds: z.number().nullable(),
  unservable: z
    .strictObject({
      reason: z.string(),
      wouldFit: z.string().describe('What a slot that could serve it looks like'),
      sweeps: z.array(z.string()).describe('Ids of running sweeps that want something of it'),
      forMs: count.describe('For how long that has been so'),
    })
    .nullable()
    .describe('Why no slot may serve its work now; null where one may'),
})
export type LaneView = z.infer<typeof LaneView>

type Read = Pick<Ledger, 'laneBacklogs' | 'openLeases' | 'load'>

/** What a spec calls what serves a load. */
export function servedBy({ open, identity }: Load): string {
  return open.launch?.launcher ?? identity.engine
}

/** Every lane but that of scoring; the one with the most work left first. */
export function laneViews(
  ledger: Read,
  hosts: readonly HostView[],
  unservable: ReturnType<UnservableLanes['views']>,
): LaneView[] {
  const why = new Map(
    unservable.map(({ lane, reason, wouldFit, sweeps, forMs }) => [lane, { reason, wouldFit, sweeps: [...sweeps], forMs }]),
  )
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
          engine: servedBy(load),
          dtype: load.identity.dtype,
          todoTokens,
          todoChunks,
          openLeases: open.length,
          openTokens,
          slots: of.length,
          tokensPerSecond: rate,
          etaSeconds: rate === null || rate <= 0 ? null : (todoTokens + openTokens) / rate,
          unservable: why.get(lane) ?? null,
        },
      ]
    })
    .sort((a, b) => b.todoTokens + b.openTokens - (a.todoTokens + a.openTokens) || (a.lane < b.lane ? -1 : 1))
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
