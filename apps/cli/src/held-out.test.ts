import { describe, expect, it } from 'vitest'
import { splitQueries } from './held-out.ts'

const QUERIES = Array.from({ length: 40 }, (_, i) => `q${i}`)

describe('splitQueries', () => {
  it('parts all queries in two of the share asked, the same whatever their order', () => {
    const { fit, heldOut } = splitQueries(QUERIES, { seed: '42', share: 0.25 })
    expect(fit).toHaveLength(10)
    expect([...fit, ...heldOut].sort()).toEqual([...QUERIES].sort())
    const turned = splitQueries([...QUERIES].reverse(), { seed: '42', share: 0.25 })
    expect(new Set(turned.fit)).toEqual(new Set(fit))
    expect(splitQueries(QUERIES, { seed: '43', share: 0.25 }).fit).not.toEqual(fit)
  })

  it('keeps a query on either side, and refuses one alone', () => {
    expect(splitQueries(['a', 'b'], { seed: '', share: 0.999 }).heldOut).toHaveLength(1)
    expect(splitQueries(['a', 'b'], { seed: '', share: 0.001 }).fit).toHaveLength(1)
    expect(() => splitQueries(['a'], { seed: '', share: 0.5 })).toThrow('SB-SCORE-005')
  })
})
