import { describe, expect, it } from 'vitest'
import { judge, MOST_MAKESPAN } from '../../../benchmarks/scheduling/judge.ts'

/** Short form of `benchmarks/scheduling`: seeds that nothing was tuned on. */
const FLEETS = [1, 2, 4, 8].flatMap((slots) => [{}, { small: true }].map((how, i) => ({ slots, how, seed: 7001 + i })))

describe('virtual fleets', () => {
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
