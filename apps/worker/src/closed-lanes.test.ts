import { describe, expect, it } from 'vitest'
import { ClosedLanes } from './closed-lanes.ts'

describe('ClosedLanes', () => {
  it('closes for 1, 2, 4 and again 4 minutes, and for 1 after a chunk that went well', () => {
    let now = 0
    const lanes = new ClosedLanes(() => now)
    for (const minutes of [1, 2, 4, 4]) {
      lanes.close('a', 'busy', false)
      expect(lanes.report()).toEqual([{ lane: 'a', reason: 'busy', forMs: minutes * 60_000 }])
      now += minutes * 60_000 - 1
      expect(lanes.isClosed('a')).toBe(true)
      now += 1
      expect(lanes.isClosed('a')).toBe(false)
      expect(lanes.report()).toEqual([])
    }
    lanes.reopen('a')
    lanes.close('a', 'busy', false)
    expect(lanes.report()[0]?.forMs).toBe(60_000)
  })

  it('closes for good', () => {
    let now = 0
    const lanes = new ClosedLanes(() => now)
    lanes.close('a', 'no model', true)
    now = 1e12
    expect(lanes.report()).toEqual([{ lane: 'a', reason: 'no model', forMs: null }])
  })
})
