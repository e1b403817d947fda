import { describe, expect, it } from 'vitest'
import { kendall } from './kendall.ts'

/** All pairs counted one by one: what the quick way must equal. */
function countedTau(x: readonly number[], y: readonly number[]): number {
  let [agree, xUntied, yUntied] = [0, 0, 0]
  for (let i = 0; i < x.length; i++)
    for (let j = 0; j < i; j++) {
      const dx = Math.sign((x[i] as number) - (x[j] as number))
      const dy = Math.sign((y[i] as number) - (y[j] as number))
      agree += dx * dy
      xUntied += dx * dx
      yUntied += dy * dy
    }
  return agree / Math.sqrt(xUntied * yUntied)
}

describe('kendall', () => {
  it("equals scipy's tau-b with ties in both lists", () => {
    expect(kendall([1, 2, 2, 3, 5, 5, 5, 8, 9, 10], [2, 1, 3, 3, 3, 6, 5, 5, 9, 7])).toBeCloseTo(0.7560975609756098, 14)
  })

  it('equals the count of all pairs, with many ties and with none', () => {
    let state = 7
    const random = () => {
      state = (state * 1103515245 + 12345) % 2 ** 31
      return state / 2 ** 31
    }
    for (const levels of [3, 10, 1e9])
      for (const count of [2, 3, 17, 64, 101]) {
        const x = Array.from({ length: count }, () => Math.floor(random() * levels))
        const y = x.map((value) => (random() < 0.5 ? value : Math.floor(random() * levels)))
        const wanted = countedTau(x, y)
        if (Number.isNaN(wanted)) expect(kendall(x, y)).toBeNaN()
        else expect(kendall(x, y)).toBeCloseTo(wanted, 12)
      }
  })

  it('is 1 for one order, -1 for the reverse, undefined without an order', () => {
    expect(kendall([1, 2, 3], [10, 20, 30])).toBe(1)
    expect(kendall([1, 2, 3], [3, 2, 1])).toBe(-1)
    expect(kendall([1, 1, 1], [1, 2, 3])).toBeNaN()
    expect(kendall([1], [1])).toBeNaN()
    expect(kendall([1, Number.NaN], [1, 2])).toBeNaN()
    expect(() => kendall([1, 2], [1])).toThrow(RangeError)
  })
})
