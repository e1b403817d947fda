import { makespanBound } from './bounds.ts'
import { leastLoadsOf, restOf } from './least-loads.ts'
import type { Outcome } from './outcome.ts'
import { CHUNK_TOKENS, canServe, type Draw, drawScenario, realSpeed, type Scenario } from './scenario.ts'
import { FleetSimulation } from './simulate.ts'

export const MOST_MAKESPAN = 1.05
export const MOST_LOADS = 1.1
/** As `packages/dispatch` has it: a lane with less left than so many times the small one's own time is waited for. */
const WAITED_FOR_TIMES = 4
/** Before a sweep without any slot takes one: the larger of 15 s and two loads of 15 s; and what ticks and leases add to the rest. */
const PATIENCE_SECONDS = 30
const ROUNDING_SECONDS = 30

/**
 * Most seconds from a small sweep's arrival to its end: its patience; the rest of the lane that it waits for, by weight, which is also the longest that it
 * lets one serve first; the longest chunk in hand; its load, and its own time on the slowest card.
 */
export function mostSmallSeconds({ slots, models, sweeps }: Scenario): number {
  const small = sweeps.find(({ isSmall }) => isSmall)
  const model = models.find(({ key }) => key === small?.tasks[0]?.lane)
  if (small === undefined || model === undefined) return 0
  const tokens = small.tasks.reduce((sum, { chunks }) => sum + chunks.reduce((all, one) => all + one, 0), 0)
  const own = Math.max(
    ...slots.filter((card) => canServe(card, model)).map((card) => tokens / model.tokensPerSecond / realSpeed(card)),
  )
  const weights = sweeps.map(({ weight }) => weight / small.weight)
  const chunk = Math.max(
    ...models.flatMap((one) =>
      slots.filter((card) => canServe(card, one)).map((card) => CHUNK_TOKENS / one.tokensPerSecond / realSpeed(card)),
    ),
  )
  const waited = WAITED_FOR_TIMES * own * Math.max(1, ...weights)
  return PATIENCE_SECONDS + waited + chunk + model.loadSeconds + own + ROUNDING_SECONDS
}

export interface Verdict {
  readonly seed: number
  readonly slots: number
  readonly how: Draw
  readonly lanes: number
  readonly bound: number
  /** Of any schedule that ends within `MOST_MAKESPAN` of the bound (`leastLoadsOf`). */
  readonly leastLoads: number
  /** Of any that ends as soon as this one did, where that had more than `MOST_LOADS` times `leastLoads`; null elsewhere. */
  readonly leastAsSoon: number | null
  readonly outcome: Outcome
  readonly problems: readonly string[]
}

/** Simulates one drawn fleet and holds it against the bounds. */
export function judge(seed: number, slots: number, how: Draw): Verdict {
  const scenario = drawScenario(seed, slots, how)
  const bound = makespanBound(scenario)
  const restEnd = MOST_MAKESPAN * makespanBound(restOf(scenario))
  const leastLoads = leastLoadsOf(scenario, { end: MOST_MAKESPAN * bound, restEnd })
  const outcome = new FleetSimulation(scenario).run()
  const problems: string[] = []
  if (outcome.makespanSeconds > MOST_MAKESPAN * bound) problems.push('makespan')
  // What nobody knows yet cannot be planned: a lane that runs dry and gets work again later is loaded again.
  const isJudged = !how.later && !how.chained && !how.cold
  const isOver = (least: number) => outcome.loads + outcome.idle > MOST_LOADS * least
  // A load without which all would end later is none too many (decision 0068): both minima are told.
  const own = { end: outcome.makespanSeconds, restEnd: Math.min(restEnd, outcome.makespanSeconds) }
  const leastAsSoon = isJudged && isOver(leastLoads) ? leastLoadsOf(scenario, own) : null
  if (leastAsSoon !== null && isOver(leastAsSoon)) problems.push('loads')
  if (outcome.small.some(({ endSeconds }) => endSeconds > mostSmallSeconds(scenario))) problems.push('small sweep')
  return { seed, slots, how, lanes: scenario.models.length, bound, leastLoads, leastAsSoon, outcome, problems }
}

export function judgeText({ seed, slots, how, lanes, bound, leastLoads, leastAsSoon, outcome, problems }: Verdict): string {
  const { makespanSeconds, loads, idle, small, busyShare, choiceMs } = outcome
  const parts = [
    `${slots} slots x ${lanes} lanes (seed ${seed}${Object.keys(how)
      .map((word) => `, ${word}`)
      .join('')})`,
    `makespan ${(makespanSeconds / 3600).toFixed(2)} h = ${(makespanSeconds / bound).toFixed(3)} x bound`,
    `loads ${loads}${idle === 0 ? '' : ` and ${idle} idle cards`} = ${((loads + idle) / leastLoads).toFixed(2)} x ${leastLoads}${leastAsSoon === null ? '' : ` (${leastAsSoon} to end as soon)`}`,
    `busy ${(100 * busyShare).toFixed(1)} %`,
    ...small.map(
      ({ firstSeconds, endSeconds }) => `small sweep: first ${firstSeconds.toFixed(0)} s, end ${endSeconds.toFixed(0)} s`,
    ),
    `choice ${choiceMs.mean.toFixed(2)} ms, worst ${choiceMs.worst.toFixed(1)}`,
  ]
  return `${problems.length === 0 ? 'ok  ' : 'FAIL'} ${parts.join('; ')}${problems.length === 0 ? '' : ` [${problems.join(', ')}]`}`
}
