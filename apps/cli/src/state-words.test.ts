import { describe, expect, it } from 'vitest'
import { isStoppedByBudget, stateWords } from './state-words.ts'

const sweep = { state: 'cancelled', runMs: 61_000, budget: { cellMs: null, sweepMs: 60_000 } } as const

describe('the state of a sweep in words', () => {
  it('says that its budget stopped it, how long it ran, and what to do', () => {
    expect(stateWords(sweep)).toMatch(/^cancelled: stopped by its budget \(ran 61 s of 60 s; .*larger `budget\.sweep`/)
  })
  it.each([
    { ...sweep, state: 'done' as const },
    { ...sweep, runMs: 60_000 },
    { ...sweep, budget: { cellMs: 5, sweepMs: null } },
  ])('calls it by its name alone otherwise: %o', (other) => {
    expect(isStoppedByBudget(other)).toBe(false)
    expect(stateWords(other)).toBe(other.state)
  })
})
