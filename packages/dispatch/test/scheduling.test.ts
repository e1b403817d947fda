import { describe, expect, it } from 'vitest'
import { judge, MOST_MAKESPAN } from '../../../benchmarks/scheduling/judge.ts'

/** Short form of `benchmarks/scheduling`, which also holds the loads against their minimum. */
const FLEETS = [1, 2, 4, 8, 24].flatMap((slots) => [{}, { small: true }].map((how, i) => ({ slots, how, seed: 1 + i })))

describe('virtual fleets', () => {
  it.each(FLEETS)(
    '$slots slots, $how: ends within 1.05 of the bound, loads little, a small sweep waits a bounded time',
    ({ slots, how, seed }) => {
      const { outcome, bound, lanes, problems } = judge(seed, slots, how)
      expect(outcome.makespanSeconds / bound).toBeLessThanOrEqual(MOST_MAKESPAN)
      expect(problems.filter((problem) => problem !== 'loads')).toEqual([])
      // Wrap-around needs slots + lanes - 1; plans that change their mind towards the end cost some more.
      expect(outcome.loads).toBeLessThanOrEqual(1.6 * (slots + lanes - 1))
    },
  )

  it('a hundred slots do not change lanes at the end: loads within 1.1 of their minimum', () => {
    expect(judge(603, 100, {}).problems).toEqual([])
  })
})
