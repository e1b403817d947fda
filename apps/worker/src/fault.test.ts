import { describe, expect, it } from 'vitest'
import { isChildCrash, openFault } from './fault.ts'

describe('openFault', () => {
  it('refuses a point that does not exist, so that no test passes by a misspelling', () => {
    expect(() => openFault('chunk.begun')).toThrow(RangeError)
    expect(() => openFault('chunk-begun#2')).not.toThrow()
    expect(isChildCrash('batch#2')).toBe(true)
    expect(isChildCrash('taken')).toBe(false)
  })
})
