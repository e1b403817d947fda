import { describe, expect, it } from 'vitest'
import { BREAKAGES } from './breakages.ts'
import { CHILD_BREAKAGES } from './breakages-children.ts'
import { FORGET_BREAKAGES } from './breakages-forget.ts'
import { Simulation } from './simulation.ts'
import { Violation } from './violation.ts'

/** Seeds a planted breakage may need before it is found. */
const PATIENCE = 400
const PLANTED = { ...BREAKAGES, ...CHILD_BREAKAGES, ...FORGET_BREAKAGES }

describe('a simulated run', () => {
  it('is the same for the same seed', async () => {
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
