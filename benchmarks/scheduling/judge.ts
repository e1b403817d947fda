import { makespanBound } from './bounds.ts'
import { loadsBound } from './loads-bound.ts'
import { type Draw, drawScenario } from './scenario.ts'
import { FleetSimulation, type Outcome } from './simulate.ts'

export const MOST_MAKESPAN = 1.05
export const MOST_LOADS = 1.1
/**
 * Seconds from a small sweep's arrival to its end, on a model of its own with a minute of work and 15 s of load: its patience (the larger of
 * 15 s and two loads), what the slot it takes has to serve first (as long as the small sweep's own work on the slowest card, four minutes,
 * or two loads of 80 s), the chunk in hand (84 s of an 8B model on a 12 GB card), its load, and its work.
 */
export const MOST_SMALL_SECONDS = 30 + 240 + 84 + 15 + 240 + 30

export interface Verdict {
  readonly seed: number
  readonly slots: number
  readonly how: Draw
  readonly lanes: number
  readonly bound: number
  /** Of any schedule that ends within `MOST_MAKESPAN` of the bound, knowing from the start all that comes. */
  readonly leastLoads: number
  readonly outcome: Outcome
  readonly problems: readonly string[]
}

/** Simulates one drawn fleet and holds it against the bounds. */
export function judge(seed: number, slots: number, how: Draw): Verdict {
  const scenario = drawScenario(seed, slots, how)
  const bound = makespanBound(scenario)
  const leastLoads = loadsBound(scenario, MOST_MAKESPAN * bound)
  const outcome = new FleetSimulation(scenario).run()
  const problems: string[] = []
  if (outcome.makespanSeconds > MOST_MAKESPAN * bound) problems.push('makespan')
  // What nobody knows yet cannot be planned: a lane that runs dry and gets work again later is loaded again.
  if (!how.later && !how.chained && !how.cold && outcome.loads + outcome.idle > MOST_LOADS * leastLoads) problems.push('loads')
  if (outcome.small.some(({ endSeconds }) => endSeconds > MOST_SMALL_SECONDS)) problems.push('small sweep')
  return { seed, slots, how, lanes: scenario.models.length, bound, leastLoads, outcome, problems }
}

export function judgeText({ seed, slots, how, lanes, bound, leastLoads, outcome, problems }: Verdict): string {
  const { makespanSeconds, loads, idle, small, busyShare, choiceMs } = outcome
  const parts = [
    `${slots} slots x ${lanes} lanes (seed ${seed}${Object.keys(how)
      .map((word) => `, ${word}`)
      .join('')})`,
    `makespan ${(makespanSeconds / 3600).toFixed(2)} h = ${(makespanSeconds / bound).toFixed(3)} x bound`,
    `loads ${loads}${idle === 0 ? '' : ` and ${idle} idle cards`} = ${((loads + idle) / leastLoads).toFixed(2)} x ${leastLoads}`,
    `busy ${(100 * busyShare).toFixed(1)} %`,
    ...small.map(
      ({ firstSeconds, endSeconds }) => `small sweep: first ${firstSeconds.toFixed(0)} s, end ${endSeconds.toFixed(0)} s`,
    ),
    `choice ${choiceMs.mean.toFixed(2)} ms, worst ${choiceMs.worst.toFixed(1)}`,
  ]
  return `${problems.length === 0 ? 'ok  ' : 'FAIL'} ${parts.join('; ')}${problems.length === 0 ? '' : ` [${problems.join(', ')}]`}`
}
