import { describe, expect, it } from 'vitest'
import { BREAKAGES } from './breakages.ts'
import { CHILD_BREAKAGES } from './breakages-children.ts'
import { POINTS, Simulation } from './simulation.ts'
import { Violation } from './violation.ts'

/** 1,000 seeds unless `SWEEPBOARD_SEEDS` says otherwise; a failing seed is replayed by naming it in `SWEEPBOARD_SEED`. */
const SEEDS = Number(process.env.SWEEPBOARD_SEEDS ?? 1000)
const ONLY = process.env.SWEEPBOARD_SEED
/** Seeds a planted breakage may need before it is found. */
const PATIENCE = 400
const PLANTED = { ...BREAKAGES, ...CHILD_BREAKAGES }

describe('the protocol under faults', () => {
  const hit = new Set<string>()
  const seeds = ONLY === undefined ? Array.from({ length: SEEDS }, (_, seed) => seed) : [Number(ONLY)]
  const size = 50

  it.each(seeds.filter((_, i) => i % size === 0))('holds for the seeds from %i on', async (first) => {
    for (const seed of seeds.filter((one) => one >= first && one < first + size)) {
      const outcome = await new Simulation(seed, {}, ONLY !== undefined).run().catch((thrown: unknown) => {
        throw new Error(`seed ${seed}: ${thrown}`, { cause: thrown })
      })
      for (const point of outcome.hit) hit.add(point)
    }
  })

  it.skipIf(seeds.length < 50)('passes every crash point', () => {
    expect([...hit].sort()).toEqual([...POINTS].sort())
  })

  it('gives the same run for the same seed', async () => {
    expect(await new Simulation(21).run()).toEqual(await new Simulation(21).run())
  })
})

describe('what is built wrong is found', () => {
  it.each(Object.keys(PLANTED))('%s', async (name) => {
    expect(await firstViolation(name)).not.toBeNull()
  })
})

async function firstViolation(name: string): Promise<string | null> {
  const first = PLANTED[name]?.firstSeed ?? 0
  for (let seed = first; seed < first + PATIENCE; seed += 1) {
    try {
      await new Simulation(seed, PLANTED[name]).run()
    } catch (thrown) {
      if (thrown instanceof Violation) return thrown.invariant
      throw thrown
    }
  }
  return null
}
