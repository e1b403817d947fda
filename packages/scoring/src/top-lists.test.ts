import { describe, expect, it } from 'vitest'
import { ListKernels } from './list-kernels.ts'
import { RowKernels } from './row-kernels.ts'
import { SHARES } from './selection-code.ts'
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
  top.take({ kind: 'floats', at: 0, stride: count, ...scanned })
}

describe('TopLists', () => {
  for (const [name, scoreOf] of [
    ['few distinct scores, so ties at every cut', (next: () => number) => Math.floor(next() * 4) - 2],
    ['all scores equal', () => 0.5],
    ['hardly a tie', (next: () => number) => Math.floor(next() * 1e6) - 5e5],
    ['each better than those before', (_: () => number, row: number) => row / 7],
    ['each worse than those before', (_: () => number, row: number) => -row / 7],
    ['the later ones far beyond the first', (next: () => number, row: number) => next() * (row < 2 * STEP ? 1e-3 : 1e3)],
    ['one far below all others', (next: () => number, row: number) => (row === 3 ? -1e30 : next())],
    ['near one another beside their size', (next: () => number) => 1000 + Math.floor(next() * 300) * 2 ** -13],
    ['some beyond all numbers', (next: () => number, row: number) => (row % 9 < 2 ? ((row % 9) - 0.5) / 0 : next())],
    ['the last bits of a number, and zeros', (next: () => number) => Math.max(0, Math.floor(next() * 9) - 4) * 2 ** -149],
  ] as const) {
    it(`equals a full sort by score, then priority: ${name}`, () => {
      const next = numbers(4)
      const [documentCount, depth] = [5000, 100]
      const priority = shuffled(documentCount, next)
      const scores = Array.from({ length: QUERIES }, () =>
        Float32Array.from({ length: documentCount }, (_, row) => scoreOf(next, row)),
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
    it(`finds together what two threads find of other documents, with floors of what both reach: scores ${name}`, () => {
      const next = numbers(7)
      const [documentCount, depth] = [20_000, 101]
      const priority = shuffled(documentCount, next)
      const scores = Array.from({ length: QUERIES }, () =>
        Float32Array.from({ length: documentCount }, (_, row) => scoreOf(next, row)),
      )
      const told = () => new Float32Array(SHARES * QUERIES).fill(Number.NEGATIVE_INFINITY)
      const [a, b] = [told(), told()]
      const sides = [
        { own: a, other: b },
        { own: b, other: a },
      ].map((floors) => {
        const kernels = kernelsFor(depth, documentCount)
        return { kernels, top: new TopLists(kernels, 0, { depth, priority, floors }) }
      })
      for (let first = 0; first < documentCount; first += STEP) {
        const { kernels, top } = sides[(first / STEP) % 2] as (typeof sides)[0]
        take(kernels, top, scores, first)
        // what is told of shares is true of what that thread was given
        for (const [i, told] of [a, b].entries()) {
          const isSeen = (row: number) => Math.floor(row / STEP) % 2 === i && row < first + STEP
          for (const [place, floor] of told.entries()) {
            const [share, own] = [Math.floor(place / QUERIES) + 1, scores[place % QUERIES] as Float32Array]
            const reached = own.filter((score, row) => isSeen(row) && score >= floor).length
            expect(floor === Number.NEGATIVE_INFINITY || reached >= (share * depth) / SHARES).toBe(true)
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

  for (const [name, scoreOf] of [
    ['of no order', (next: () => number) => next() - 0.5],
    ['that grow', (next: () => number, row: number) => row + next()],
    ['of few values', (next: () => number) => Math.floor(next() * 6)],
    ['near one another', (next: () => number) => -1000 - Math.floor(next() * 300) * 2 ** -13],
  ] as const) {
    it(`tells scores that parts of the depth reach, and hardly more rows do, as lists grow and are counted: scores ${name}`, () => {
      const [depth, documentCount] = [100, 1000]
      const kernels = kernelsFor(depth, documentCount)
      const next = numbers(5)
      const lists = new ListKernels(kernels, 1, depth)
      const scores = Float32Array.from({ length: documentCount }, (_, row) => scoreOf(next, row))
      for (let own = 40; own <= documentCount; own += 40) {
        lists.scores(2, own).set(scores.subarray(0, own))
        lists.counts[2] = own
        lists.tally({ first: 0, count: QUERIES }, own % 3 === 0 ? 1 : 80)
        const reaching = (floor: number) => scores.subarray(0, own).filter((score) => score >= floor).length
        for (let share = 0; share < SHARES; share++) {
          const floors = lists.reachedFloors('ownReached', share)
          const floor = floors[2] as number
          expect(floor === Number.NEGATIVE_INFINITY || reaching(floor) >= ((share + 1) * depth) / SHARES).toBe(true)
          expect(floors.subarray(0, 2)).toEqual(Float32Array.of(Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY))
        }
      }
      lists.recount(2)
      const sorted = scores.toSorted((a, b) => b - a)
      // scores of two or three buckets at most lie between what is told and the best of the depth
      const width = ((sorted[0] as number) - (sorted.at(-1) as number)) / 255
      const slack = Math.abs(sorted[0] as number) * 2 ** -20
      const toldOf = (share: number) => lists.reachedFloors('ownReached', share)[2] as number
      for (const share of [0, SHARES / 2 - 1, SHARES - 1]) {
        const nth = sorted[Math.ceil(((share + 1) * depth) / SHARES) - 1] as number
        expect(toldOf(share)).toBeGreaterThanOrEqual(nth - 3 * width - slack)
      }
      expect(lists.reached(2)).toBeGreaterThanOrEqual(depth)
      expect(lists.reached(2)).toBeLessThanOrEqual(scores.filter((score) => score >= toldOf(SHARES - 1)).length)
    })
  }

  it('makes floors of shares that are reached here and elsewhere, of each query its own', () => {
    const kernels = kernelsFor(100, 1000)
    const next = numbers(8)
    for (const config of [0, 1]) {
      const others = new ListKernels(kernels, 1 - config, 100)
      const lists = new ListKernels(kernels, config, 100)
      const told = (['ownReached', 'otherReached'] as const).map((region) =>
        Array.from({ length: SHARES }, (_, share) => {
          const floors = Float32Array.from({ length: QUERIES }, () => (share > 5 ? Number.NEGATIVE_INFINITY : next()))
          lists.reachedFloors(region, share).set(floors)
          return floors
        }),
      ) as [Float32Array[], Float32Array[]]
      const floorOf = (q: number) => {
        const [own, other] = told.map((shares) => shares.map((floors) => floors[q] as number)) as [number[], number[]]
        const pairs = own.slice(0, -1).map((floor, share) => Math.min(floor, other[SHARES - 2 - share] as number))
        return Math.max(own.at(-1) as number, other.at(-1) as number, ...pairs)
      }
      for (const queries of [{ first: 0, count: QUERIES }, ...[0, 1, 2].map((first) => ({ first, count: 1 }))]) {
        lists.floors.fill(0)
        lists.rise(queries)
        for (let q = queries.first; q < queries.first + queries.count; q++) expect(lists.floors[q]).toBe(floorOf(q))
        // nothing is found for what fills the queries up, and nothing is done to other lists
        const all = kernels.floats('listFloors', 16 * CONFIGS)
        expect([...all.subarray(16 * config + QUERIES, 16 * config + 16)]).toEqual(Array(13).fill(Number.POSITIVE_INFINITY))
        expect([...others.floors]).toEqual(Array(QUERIES).fill(Number.NEGATIVE_INFINITY))
      }
    }
  })

  it('keeps what reaches the floor, in its order, of any number of rows', () => {
    const kernels = kernelsFor(100, 1000)
    const next = numbers(6)
    for (const length of [0, 1, 2, 3, 4, 5, 63, 64, 150]) {
      const lists = new ListKernels(kernels, 0, 100)
      const scores = Float32Array.from({ length }, next)
      lists.counts[1] = length
      lists.scores(1, length).set(scores)
      lists.rows(1, length).set(scores.map((_, i) => 7 * i))
      const expected = [...scores.keys()].filter((i) => (scores[i] as number) >= Math.fround(0.4))
      lists.floors[1] = 0.4
      expect(lists.keep(1)).toBe(expected.length)
      expect(lists.counts[1]).toBe(expected.length)
      expect([...lists.rows(1, expected.length)]).toEqual(expected.map((i) => 7 * i))
      expect([...lists.scores(1, expected.length)]).toEqual(expected.map((i) => scores[i]))
    }
  })
  /** What scans find, list by list, by rows. */
  const found = (lists: ListKernels) =>
    Array.from(lists.counts, (own, q) => {
      const order = [...lists.rows(q, own).keys()].sort(
        (a, b) => (lists.rows(q, own)[a] as number) - (lists.rows(q, own)[b] as number),
      )
      return {
        rows: order.map((i) => lists.rows(q, own)[i] as number),
        scores: order.map((i) => lists.scores(q, own)[i] as number),
      }
    })
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
          const lists = new ListKernels(kernels, 1, count)
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
      const lists = new ListKernels(memory, 1, count)
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
