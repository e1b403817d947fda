import { describe, expect, it } from 'vitest'
import { nextState } from './slot-state.ts'

describe('nextState', () => {
  it('goes round: idle, loading, serving, draining, idle', () => {
    const round: ReturnType<typeof nextState>[] = ['idle']
    for (const event of ['assign', 'opened', 'leave', 'left'] as const) round.push(nextState(round.at(-1) ?? 'idle', event))
    expect(round).toEqual(['idle', 'loading', 'serving', 'draining', 'idle'])
  })

  it('refuses a move that is not in the table', () => {
    expect(() => nextState('serving', 'assign')).toThrow(TypeError)
    expect(() => nextState('full', 'assign')).toThrow(TypeError)
  })
})
