import { describe, expect, it } from 'vitest'
import { ListKernels } from './list-kernels.ts'
import { RowKernels } from './row-kernels.ts'
import { SignLayout } from './sign-words.ts'
import { packed, roomOf, TopLists } from './top-lists.ts'

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

const [STEP, QUERIES, CONFIGS] = [777, 3, 2]

/** Kernels for lists of `CONFIGS` configs and `QUERIES` queries, of products of up to `STEP` rows at once. */
function kernelsFor(depth: number, documentCount: number): RowKernels {
  const lists = { configs: CONFIGS, queries: QUERIES, rows: roomOf(depth, documentCount) }
  const kernels = new RowKernels({ lists, signs: new SignLayout([]) })
  kernels.reserve({ rowCount: STEP, dim: 1, queries: QUERIES })
  return kernels
}

/** Lets lists take the scores of some documents, `[query, document]`, from row `first` on. */
function take(kernels: RowKernels, top: TopLists, scores: readonly Float32Array[], first: number): void {
  const blocks = scores.map((own) => own.subarray(first, first + STEP))
  const count = blocks[0]?.length ?? 0
  const products = kernels.floats('products', blocks.length * count)
  blocks.forEach((block, query) => {
    products.set(block, query * count)
  })
  kernels.floats('factors', 784).fill(Number.NaN).fill(1, 0, count)
  const queries = { first: 0, count: blocks.length }
  top.makeRoom(queries)
  const scanned = { queries, rows: { first: 0, count }, firstRow: first, isPlain: false }
  top.lists.scan({ kind: 'floats', at: 0, stride: count, ...scanned })
}

describe('TopLists', () => {
  for (const [name, levels] of [
    ['few distinct scores, so ties at every cut', 4],
    ['all scores equal', 1],
    ['hardly a tie', 1e6],
  ] as const) {
    it(`equals a full sort by score, then priority: ${name}`, () => {
      const next = numbers(levels)
      const [documentCount, depth] = [5000, 100]
      const priority = shuffled(documentCount, next)
      const scores = Array.from({ length: QUERIES }, () =>
        Float32Array.from({ length: documentCount }, () => Math.floor(next() * levels) - levels / 2),
      )
      const kernels = kernelsFor(depth, documentCount)
      const configs = Array.from({ length: CONFIGS }, (_, config) => new TopLists(kernels, config, { depth, priority }))
      for (let first = 0; first < documentCount; first += STEP) for (const top of configs) take(kernels, top, scores, first)
      for (const top of configs) {
        for (const [q, own] of scores.entries()) {
          const score = (row: number) => own[row] as number
          const best = (a: number, b: number) => score(b) - score(a) || (priority[a] as number) - (priority[b] as number)
          const expected = Array.from({ length: documentCount }, (_, row) => row).sort(best)
          const found = top.found(q)
          expect([...found.rows].sort(best)).toEqual(expected.slice(0, depth))
          expect([...found.scores]).toEqual([...found.rows].map(score))
        }
      }
    })
  }

  for (const [name, scoreOf] of [
    ['of no order', (next: () => number) => next()],
    ['of few values', (next: () => number) => Math.floor(next() * 6)],
    ['of which one side has the best', (next: () => number, row: number) => next() + (row % (2 * STEP) < STEP ? 1 : 0)],
  ] as const) {
    it(`finds together what two threads find of other documents, with floors of their halves: scores ${name}`, () => {
      const next = numbers(7)
      const [documentCount, depth] = [20_000, 101]
      const priority = shuffled(documentCount, next)
      const scores = Array.from({ length: QUERIES }, () =>
        Float32Array.from({ length: documentCount }, (_, row) => scoreOf(next, row)),
      )
      const floors = () => new Float32Array(QUERIES).fill(Number.NEGATIVE_INFINITY)
      const [whole, a, b] = [floors(), floors(), floors()]
      const sides = [
        { ownHalf: a, otherHalf: b },
        { ownHalf: b, otherHalf: a },
      ].map((halves) => {
        const kernels = kernelsFor(depth, documentCount)
        return { kernels, top: new TopLists(kernels, 0, { depth, priority, floors: { whole, ...halves } }) }
      })
      for (let first = 0; first < documentCount; first += STEP) {
        const { kernels, top } = sides[(first / STEP) % 2] as (typeof sides)[0]
        take(kernels, top, scores, first)
        // what is told of a half is true of what that thread was given
        for (const [i, told] of [a, b].entries()) {
          const isSeen = (row: number) => Math.floor(row / STEP) % 2 === i && row < first + STEP
          for (const [q, own] of scores.entries()) {
            const half = told[q] as number
            const reached = own.filter((score, row) => isSeen(row) && score >= half).length
            expect(half === Number.NEGATIVE_INFINITY || reached >= 51).toBe(true)
          }
        }
      }
      expect(Math.max(...a, ...b)).toBeGreaterThan(Number.NEGATIVE_INFINITY)
      const [own, other] = sides.map(({ top }) => top) as [TopLists, TopLists]
      for (const rows of packed([other])) own.adopt(rows)
      for (const [q, ownScores] of scores.entries()) {
        const best = (x: number, y: number) =>
          (ownScores[y] as number) - (ownScores[x] as number) || (priority[x] as number) - (priority[y] as number)
        const expected = Array.from({ length: documentCount }, (_, row) => row).sort(best)
        expect([...own.candidates(q).rows].sort(best).slice(0, depth)).toEqual(expected.slice(0, depth))
      }
    })
  }
})

describe('ListKernels', () => {
  const count = 784
  /** What scans find, list by list. */
  const found = (lists: ListKernels) =>
    Array.from(lists.counts, (own, q) => ({ rows: [...lists.rows(q, own)], scores: [...lists.scores(q, own)] }))
  const numberAt = (i: number) => (Math.imul(i + 1, 0x9e3779b1) >>> 24) - 128

  it('finds the same of plain products as of products with factors of 1', () => {
    const kernels = kernelsFor(count, count)
    kernels.reserve({ rowCount: count, dim: 1, queries: QUERIES })
    kernels.floats('factors', count).fill(1)
    const values = Int32Array.from({ length: QUERIES * count }, (_, i) => numberAt(i))
    const scanned = { queries: { first: 0, count: QUERIES }, rows: { first: 0, count }, firstRow: 5 }
    for (const kind of ['floats', 'integers'] as const) {
      kernels[kind]('products', values.length).set(values)
      for (const floor of [Number.NEGATIVE_INFINITY, -128, 60, 127, 128]) {
        const [factored, plain] = [false, true].map((isPlain) => {
          const lists = new ListKernels(kernels, 1)
          lists.floors.fill(floor)
          lists.scan({ kind, at: 0, stride: count, isPlain, ...scanned })
          return found(lists)
        })
        expect(plain).toEqual(factored)
        const wanted = Array.from({ length: QUERIES }, (_, q) => [...values.subarray(q * count, (q + 1) * count)])
        expect(plain?.map(({ scores }) => scores)).toEqual(wanted.map((own) => own.filter((value) => value >= floor)))
      }
    }
  })

  it('finds the same of products turned, with factors, scales and floors of their own, and nothing of a hidden row', () => {
    const [kernels, turned] = [kernelsFor(count, count), kernelsFor(count, count)]
    for (const own of [kernels, turned]) {
      own.reserve({ rowCount: count, dim: 1, queries: QUERIES })
      own
        .floats('factors', count)
        .set(Float32Array.from({ length: count }, (_, row) => (row % 5 === 0 ? Number.NaN : 1 / (1 + row))))
    }
    const integers = turned.integers('integers', count * 16).fill(127)
    const products = kernels.integers('products', QUERIES * count)
    for (let row = 0; row < count; row++) {
      for (let q = 0; q < QUERIES; q++) {
        products[q * count + row] = numberAt(q * count + row)
        integers[row * 16 + q] = numberAt(q * count + row)
      }
    }
    const scanned = { queries: { first: 0, count: QUERIES }, rows: { first: 0, count }, firstRow: 9 }
    const [own, other] = [kernels, turned].map((memory) => {
      const lists = new ListKernels(memory, 1)
      lists.scales.set([1, 0.3, 7])
      lists.floors.set([Number.NEGATIVE_INFINITY, 0.001, -0.5])
      return lists
    }) as [ListKernels, ListKernels]
    own.scan({ kind: 'integers', at: 0, stride: count, isPlain: false, ...scanned })
    other.scanTurned(scanned)
    expect(found(other)).toEqual(found(own))
    expect(found(own)[0]?.rows).toEqual(Array.from({ length: count }, (_, row) => row + 9).filter((row) => (row - 9) % 5 !== 0))
    expect(found(own)[1]?.rows.length).toBeGreaterThan(10)
  })
})
