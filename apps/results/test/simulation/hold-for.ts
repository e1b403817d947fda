import { describe, expect, it } from 'vitest'
import { POINTS, Simulation } from './simulation.ts'

/** 1,000 seeds unless `SWEEPBOARD_SEEDS` says otherwise; a failing seed is replayed by naming it in `SWEEPBOARD_SEED`. */
const SEEDS = Number(process.env.SWEEPBOARD_SEEDS ?? 1000)
const ONLY = process.env.SWEEPBOARD_SEED
const SIZE = 50

/** One of two halves of the seeds, so that two processes share them; the seed that is replayed belongs to the first. */
export function holdForHalf(half: 0 | 1): void {
  const middle = Math.ceil(SEEDS / 2)
  const [from, to] = half === 0 ? [0, middle] : [middle, SEEDS]
  const replayed = half === 0 ? [Number(ONLY)] : []
  const seeds = ONLY === undefined ? Array.from({ length: to - from }, (_, i) => from + i) : replayed
  const hit = new Set<string>()

  describe.skipIf(seeds.length === 0)('the protocol under faults', () => {
    it.each(seeds.filter((_, i) => i % SIZE === 0))('holds for the seeds from %i on', async (first) => {
      for (const seed of seeds.filter((one) => one >= first && one < first + SIZE)) {
        const outcome = await new Simulation(seed, {}, ONLY !== undefined).run().catch((thrown: unknown) => {
          throw new Error(`seed ${seed}: ${thrown}`, { cause: thrown })
        })
        for (const point of outcome.hit) hit.add(point)
      }
    })

    it.skipIf(seeds.length < SIZE)('passes every crash point', () => {
      expect([...hit].sort()).toEqual([...POINTS].sort())
    })
  })
}
