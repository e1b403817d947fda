import { describe, expect, it } from 'vitest'
import { NEVER, TopRows } from './top-rows.ts'

describe('TopRows', () => {
  for (const [name, levels] of [
    ['few distinct scores, so ties at every cut', 4],
    ['all scores equal', 1],
    ['hardly a tie', 1e6],
  ] as const) {
    it(`equals a full sort by score, then priority: ${name}`, () => {
      const [queryCount, documentCount, depth] = [3, 5000, 100]
      const priority = Uint32Array.from({ length: documentCount }, (_, row) => (row * 3331) % documentCount)
      const top = new TopRows(queryCount, depth, priority)
      for (let q = 0; q < queryCount; q++) {
        const noise = (row: number) => (Math.imul(row + 1 + q * documentCount, 0x9e3779b1) >>> 0) / 2 ** 32
        const scores = Float32Array.from({ length: documentCount }, (_, row) => Math.floor(noise(row) * levels) - levels / 2)
        top.addAll(q, scores)
        const score = (row: number) => scores[row] as number
        const best = (a: number, b: number) => score(b) - score(a) || (priority[a] as number) - (priority[b] as number)
        const expected = Array.from({ length: documentCount }, (_, row) => row).sort(best)
        const found = top.found(q)
        expect([...found.rows].sort(best)).toEqual(expected.slice(0, depth))
        expect([...found.scores]).toEqual([...found.rows].map(score))
      }
    })
  }

  it('keeps everything when there is less than the depth, and orders falling scores too', () => {
    const top = new TopRows(
      1,
      10,
      Uint32Array.from({ length: 5 }, (_, i) => i),
    )
    top.addAll(0, Float32Array.of(5, 4, 3, 2, -1))
    expect([...top.found(0).rows].sort()).toEqual([0, 1, 2, 3, 4])
  })

  it('never finds a hidden row, not even the best', () => {
    const top = new TopRows(1, 2, Uint32Array.of(NEVER, 1, 0, 2, 3))
    top.addAll(0, Float32Array.of(9, 1, 1, 1, 0))
    expect([...top.found(0).rows].sort()).toEqual([1, 2])
  })
})
