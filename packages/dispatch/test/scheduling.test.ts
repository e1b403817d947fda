import { describe, expect, it } from 'vitest'
import { judge, MOST_MAKESPAN } from '../../../benchmarks/scheduling/judge.ts'

/** Short form of `benchmarks/scheduling`: seeds that nothing was tuned on. */
const FLEETS = [1, 2, 4, 8].flatMap((slots) => [{}, { small: true }].map((how, i) => ({ slots, how, seed: 7001 + i })))

/** Fleets that ended after 1.05 of the bound before decisions 0068 and 0069, each for another reason. */
const LATE = [
  { slots: 16, how: {}, seed: 160029, what: 'a slow slot got the last chunk of a lane' },
  { slots: 8, how: { small: true }, seed: 160246, what: 'a small sweep interrupted the lane that had no time left' },
  {
    slots: 8,
    how: {},
    seed: 180225,
    what: 'slots that were loading counted as loaded, and a load that the plan needed was spared',
  },
  {
    slots: 4,
    how: { small: true },
    seed: 190890,
    what: 'a slot began one more chunk of a shared lane before it went on',
  },
]

describe('virtual fleets', () => {
  it.each(LATE)('$slots slots, seed $seed: end in time, where $what', ({ slots, how, seed }) => {
    expect(judge(seed, slots, how).problems).toEqual([])
  })

  it.each(FLEETS)(
    '$slots slots, $how: ends within 1.05 of the bound, loads little, a small sweep waits a bounded time',
    ({ slots, how, seed }) => {
      const { outcome, bound, leastLoads, problems } = judge(seed, slots, how)
      expect(outcome.makespanSeconds / bound).toBeLessThanOrEqual(MOST_MAKESPAN)
      expect(problems.filter((problem) => problem !== 'loads')).toEqual([])
      // A tenth of fewer than ten loads is none: one more than the minimum, which is a bound, and another for what a small sweep moves.
      expect(outcome.loads + outcome.idle).toBeLessThanOrEqual(Math.max(1.1 * leastLoads, leastLoads + 2))
    },
  )
})
