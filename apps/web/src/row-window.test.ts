import { describe, expect, it } from 'vitest'
import { windowOf } from './row-window.ts'

describe('windowOf', () => {
  it('shows a small table whole, wherever it is', () => {
    expect(windowOf({ count: 60, above: 5000, screen: 100, rowHeight: 10 })).toEqual({ start: 0, end: 60, before: 0, after: 0 })
  })

  it.each([-2000, -300, 0, 49, 50, 777, 1500, 1990, 2000, 9000])(
    'covers the screen and keeps the height of the whole (%i pixels scrolled)',
    (above) => {
      const { start, end, before, after } = windowOf({ count: 200, above, screen: 300, rowHeight: 10 })
      expect(before + (end - start) * 10 + after).toBe(2000)
      for (let pixel = Math.max(0, above); pixel < Math.min(2000, above + 300); pixel += 1) {
        expect(pixel).toBeGreaterThanOrEqual(before)
        expect(pixel).toBeLessThan(2000 - after)
      }
      expect(end - start).toBeLessThanOrEqual(45)
    },
  )

  it('changes only when a block of rows comes into sight', () => {
    const at = (above: number) => windowOf({ count: 200, above, screen: 300, rowHeight: 10 })
    expect(at(449)).toEqual(at(400))
    expect(at(450)).not.toEqual(at(449))
  })
})
