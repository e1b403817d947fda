import { describe, expect, it } from 'vitest'
import { RowKernels } from './row-kernels.ts'
import { SignLayout } from './sign-words.ts'
import { type FoundRows, NEVER, roomOf, TopRows } from './top-rows.ts'

/** A small deterministic generator (mulberry32), so that a failure can be repeated. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function shuffled(size: number, next: () => number): Uint32Array {
  const order = Array.from({ length: size }, (_, i) => ({ i, key: next() }))
  return Uint32Array.from(order.sort((a, b) => a.key - b.key).map(({ i }) => i))
}

describe('TopRows', () => {
  for (const [name, levels] of [
    ['few distinct scores, so ties at every cut', 4],
    ['all scores equal', 1],
    ['hardly a tie', 1e6],
  ] as const) {
    it(`equals a full sort by score, then priority: ${name}`, () => {
      const next = numbers(levels)
      const [queryCount, documentCount, depth] = [3, 5000, 100]
      const priority = shuffled(documentCount, next)
      const scores = Float32Array.from({ length: queryCount * documentCount }, () => Math.floor(next() * levels) - levels / 2)
      const top = new TopRows(queryCount, depth, priority)
      const whole = new TopRows(queryCount, depth, priority)
      const kernels = new RowKernels({ kept: roomOf(depth, documentCount), signs: new SignLayout([]) })
      kernels.reserve({ rowCount: 777, dim: 1, queries: 1 })
      for (let query = 0; query < queryCount; query++) {
        const own = scores.subarray(query * documentCount, (query + 1) * documentCount)
        whole.addAll(query, own)
        for (let first = 0; first < documentCount; first += 777) {
          const block = own.subarray(first, first + 777)
          kernels.floats('products', block.length).set(block)
          const part = { at: 0, factorsAt: 0, count: block.length, scale: 1, floor: top.floorOf(query), firstRow: first }
          kernels.floats('factors', 784).fill(Number.NaN).fill(1, 0, block.length)
          top.take(query, kernels, kernels.scan('floats', part))
        }
      }
      top.finish(kernels)
      for (let q = 0; q < queryCount; q++) {
        const score = (row: number) => scores[q * documentCount + row] as number
        const best = (a: number, b: number) => score(b) - score(a) || (priority[a] as number) - (priority[b] as number)
        const expected = Array.from({ length: documentCount }, (_, row) => row).sort(best)
        for (const found of [top.found(q), whole.found(q)]) {
          expect([...found.rows].sort(best)).toEqual(expected.slice(0, depth))
          expect([...found.scores]).toEqual([...found.rows].map(score))
        }
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

  for (const [name, scoreOf] of [
    ['of no order', (next: () => number) => next()],
    ['of few values', (next: () => number) => Math.floor(next() * 6)],
    ['of which one side has the best', (next: () => number, row: number) => next() + (row % 1554 < 777 ? 1 : 0)],
  ] as const) {
    it(`finds together what two threads find of other documents, with floors of their halves: scores ${name}`, () => {
      const next = numbers(7)
      const [documentCount, depth] = [20_000, 101]
      const priority = shuffled(documentCount, next)
      const scores = Float32Array.from({ length: documentCount }, (_, row) => scoreOf(next, row))
      const [whole, a, b] = [1, 2, 3].map(() => new Float32Array(1).fill(Number.NEGATIVE_INFINITY)) as [
        Float32Array,
        Float32Array,
        Float32Array,
      ]
      const sides = [
        new TopRows(1, depth, priority, { whole, ownHalf: a, otherHalf: b }),
        new TopRows(1, depth, priority, { whole, ownHalf: b, otherHalf: a }),
      ] as const
      const kernels = new RowKernels({ kept: roomOf(depth, documentCount), signs: new SignLayout([]) })
      kernels.reserve({ rowCount: 777, dim: 1, queries: 1 })
      for (let first = 0; first < documentCount; first += 777) {
        const block = scores.subarray(first, first + 777)
        const side = sides[(first / 777) % 2 === 0 ? 0 : 1]
        kernels.floats('products', block.length).set(block)
        kernels.floats('factors', 784).fill(Number.NaN).fill(1, 0, block.length)
        const part = { at: 0, factorsAt: 0, count: block.length, scale: 1, floor: side.floorOf(0), firstRow: first }
        side.take(0, kernels, kernels.scan('floats', part))
        const reached = (floor: number, rows: FoundRows) => rows.scores.filter((score) => score >= floor).length
        // what is told of a half is true of what is kept
        expect(reached(a[0] as number, sides[0].candidates(0))).toBeGreaterThanOrEqual(a[0] === Number.NEGATIVE_INFINITY ? 0 : 51)
        expect(reached(b[0] as number, sides[1].candidates(0))).toBeGreaterThanOrEqual(b[0] === Number.NEGATIVE_INFINITY ? 0 : 51)
      }
      sides[0].adopt(sides[1].packed(), kernels)
      const best = (x: number, y: number) =>
        (scores[y] as number) - (scores[x] as number) || (priority[x] as number) - (priority[y] as number)
      const expected = Array.from({ length: documentCount }, (_, row) => row).sort(best)
      expect([...sides[0].candidates(0).rows].sort(best).slice(0, depth)).toEqual(expected.slice(0, depth))
    })
  }

  it('finds the same of plain products as of products with factors of 1', () => {
    const kernels = new RowKernels({ kept: 10, signs: new SignLayout([]) })
    const count = 784
    kernels.reserve({ rowCount: count, dim: 1, queries: 1 })
    kernels.floats('factors', count).fill(1)
    const values = Int32Array.from({ length: count }, (_, i) => (Math.imul(i + 1, 0x9e3779b1) >>> 24) - 128)
    for (const kind of ['floats', 'integers'] as const) {
      kernels[kind]('products', count).set(values)
      for (const floor of [Number.NEGATIVE_INFINITY, -128, 60, 127, 128]) {
        const [factored, plain] = [false, true].map((isPlain) => {
          const found = kernels.scan(kind, { at: 0, factorsAt: 0, count, scale: 1, floor, firstRow: 5, isPlain })
          return [[...kernels.foundRows.subarray(0, found)], [...kernels.foundScores.subarray(0, found)]]
        })
        expect(plain).toEqual(factored)
        expect(plain?.[1]).toEqual([...values].filter((value) => value >= floor))
      }
    }
  })
})
