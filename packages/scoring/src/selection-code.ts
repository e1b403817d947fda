import {
  type Code,
  constant,
  either,
  f32,
  f32x4,
  i32,
  i32x4,
  type Kernel,
  kernel,
  type Local,
  v128,
  whileTrue,
} from './wasm-code.ts'

const FLOAT = 4
const VECTOR = 16
/** Products that `scan` takes at once. */
export const SCANNED_AT_ONCE = 16
/** Buckets of `weigh`. */
export const BUCKETS = 256

const add = (local: Local, by: number) => local.set(i32.add(local.get, constant.i32(by)))
const bytesOf = (numbers: Local) => i32.shiftLeft(numbers.get, constant.i32(2))

/**
 * Rows and scores of one query's products that reach `floor`, score = product x factor of the row x scale; how many
 * there are. A factor that is not a number hides its row; the factors are filled up with such ones to `SCANNED_AT_ONCE`.
 * Without factors a score is its product, and `count` a multiple of `SCANNED_AT_ONCE`.
 */
export function scan({ integers, factors: isFactored }: { integers: boolean; factors: boolean }): Kernel {
  return kernel(
    {
      ...{ products: 'i32', factors: 'i32', count: 'i32', scale: 'f32', floor: 'f32' },
      ...{ firstRow: 'i32', rows: 'i32', scores: 'i32', groups: 'i32' },
    } as const,
    {
      ...{ at: 'i32', end: 'i32', bits: 'i32', lane: 'i32', found: 'i32', next: 'i32' },
      ...{ a: 'v128', b: 'v128', c: 'v128', d: 'v128', floors: 'v128', scales: 'v128' },
    } as const,
    (own) => {
      const { products, factors, count, scale, groups, at, end, bits, lane, found, next, a, b, c, d, floors, scales } = own
      const reached = (mask: Local, offset: number) => {
        const loaded = v128.load(i32.add(products.get, at.get), offset)
        const product = integers ? f32x4.ofI32(loaded) : loaded
        if (!isFactored) return mask.set(f32x4.atLeast(product, floors.get))
        const factor = v128.load(i32.add(factors.get, at.get), offset)
        return mask.set(f32x4.atLeast(f32x4.mul(f32x4.mul(product, factor), scales.get), floors.get))
      }
      // the few that reach the floor are multiplied once more
      const here = (array: Local) => i32.add(i32.add(array.get, at.get), bytesOf(lane))
      const product = integers ? f32.ofI32(i32.load(here(products))) : f32.load(here(products))
      const score = isFactored ? f32.mul(f32.mul(product, f32.load(here(factors))), scale.get) : product
      const row = i32.add(i32.add(own.firstRow.get, i32.shiftRight(at.get, constant.i32(2))), lane.get)
      // which groups have one, without a branch to guess: where, and a bit for each that has
      const list: Code[] = [
        next.set(groups.get),
        whileTrue(
          i32.less(at.get, end.get),
          ...[a, b, c, d].map((mask, i) => reached(mask, i * VECTOR)),
          bits.set(i32x4.signsOfFour([a.get, b.get, c.get, d.get])),
          i32.store(next.get, at.get),
          i32.store(next.get, bits.get, FLOAT),
          next.set(i32.add(next.get, i32.shiftLeft(i32.different(bits.get, constant.i32(0)), constant.i32(3)))),
          add(at, SCANNED_AT_ONCE * FLOAT),
        ),
      ]
      return [
        end.set(bytesOf(count)),
        floors.set(f32x4.splat(own.floor.get)),
        scales.set(f32x4.splat(own.scale.get)),
        ...list,
        end.set(next.get),
        next.set(groups.get),
        bits.set(i32.load(next.get, FLOAT)),
        whileTrue(
          i32.less(next.get, end.get),
          at.set(i32.load(next.get)),
          lane.set(i32.trailingZeros(bits.get)),
          i32.store(i32.add(own.rows.get, bytesOf(found)), row),
          f32.store(i32.add(own.scores.get, bytesOf(found)), score),
          add(found, 1),
          bits.set(i32.and(bits.get, i32.sub(bits.get, constant.i32(1)))),
          // from the last one of a group to the next group, again without a branch
          next.set(i32.add(next.get, i32.shiftLeft(i32.isZero(bits.get), constant.i32(3)))),
          bits.set(either(bits.get, bits.get, i32.load(next.get, FLOAT))),
        ),
        found.get,
      ]
    },
    'i32',
  )
}

/**
 * Puts scored rows into buckets by their scores: equal ones share a bucket and larger ones have no larger bucket, whatever the quotient rounds
 * to. How many are in the buckets up to that of the `nth` largest score (from 0); that bucket stands in `scratch`, after it the
 * largest score and the number of buckets for a score of 1.
 */
export const weigh = kernel(
  { scores: 'i32', count: 'i32', nth: 'i32', buckets: 'i32', counts: 'i32', scratch: 'i32' },
  {
    ...{ at: 'i32', end: 'i32', slot: 'i32', before: 'i32', bucket: 'i32' },
    ...{ most: 'f32', least: 'f32', mosts: 'v128', leasts: 'v128', perScore: 'v128' },
  } as const,
  (own) => {
    const { scores, count, nth, buckets, counts, at, end, slot, before, bucket, most, least, mosts, leasts } = own
    const ends: Code[] = [
      end.set(bytesOf(count)),
      // the last vector is filled up with a score that is there
      ...[0, 1, 2].map((i) => f32.store(i32.add(scores.get, end.get), f32.load(scores.get), i * FLOAT)),
      mosts.set(f32x4.splat(f32.load(scores.get))),
      leasts.set(mosts.get),
      whileTrue(
        i32.less(at.get, end.get),
        mosts.set(f32x4.max(mosts.get, v128.load(i32.add(scores.get, at.get)))),
        leasts.set(f32x4.min(leasts.get, v128.load(i32.add(scores.get, at.get)))),
        add(at, VECTOR),
      ),
      most.set(f32x4.lane(mosts.get, 0)),
      least.set(f32x4.lane(leasts.get, 0)),
      ...[1, 2, 3].map((lane) => most.set(f32.max(most.get, f32x4.lane(mosts.get, lane)))),
      ...[1, 2, 3].map((lane) => least.set(f32.min(least.get, f32x4.lane(leasts.get, lane)))),
    ]
    const last = constant.f32(BUCKETS - 1)
    const bucketed = f32x4.mul(f32x4.sub(mosts.get, v128.load(i32.add(scores.get, at.get))), own.perScore.get)
    return [
      ...ends,
      mosts.set(f32x4.splat(most.get)),
      own.perScore.set(f32x4.splat(f32.div(last, f32.sub(most.get, least.get)))),
      at.set(constant.i32(0)),
      whileTrue(
        i32.less(at.get, constant.i32(BUCKETS * FLOAT)),
        v128.store(i32.add(counts.get, at.get), i32x4.splat(constant.i32(0))),
        add(at, VECTOR),
      ),
      at.set(constant.i32(0)),
      whileTrue(
        i32.less(at.get, end.get),
        // what is not a number (0 x infinity) becomes 0
        v128.store(i32.add(buckets.get, at.get), i32x4.truncated(f32x4.min(bucketed, f32x4.splat(last)))),
        add(at, VECTOR),
      ),
      at.set(constant.i32(0)),
      whileTrue(
        i32.less(at.get, end.get),
        slot.set(i32.add(counts.get, i32.shiftLeft(i32.load(i32.add(buckets.get, at.get)), constant.i32(2)))),
        i32.store(slot.get, i32.add(i32.load(slot.get), constant.i32(1))),
        add(at, FLOAT),
      ),
      slot.set(counts.get),
      whileTrue(
        i32.less(i32.add(before.get, i32.load(slot.get)), i32.add(nth.get, constant.i32(1))),
        before.set(i32.add(before.get, i32.load(slot.get))),
        add(slot, FLOAT),
        add(bucket, 1),
      ),
      i32.store(own.scratch.get, bucket.get),
      f32.store(own.scratch.get, most.get, FLOAT),
      f32.store(own.scratch.get, f32x4.lane(own.perScore.get, 0), 2 * FLOAT),
      i32.add(before.get, i32.load(slot.get)),
    ]
  },
  'i32',
)

/**
 * Of rows that `weigh` weighed, those in the buckets up to that in `scratch` stay, in their order and from the start; the rest is lost.
 * The least score that stays.
 */
export const gather = kernel(
  { scores: 'i32', rows: 'i32', count: 'i32', buckets: 'i32', scratch: 'i32' },
  { at: 'i32', end: 'i32', bucket: 'i32', to: 'i32', score: 'f32', row: 'i32', least: 'f32', leasts: 'v128' },
  ({ scores, rows, count, buckets, scratch, at, end, bucket, to, score, row, least, leasts }) => {
    const from = (array: Local) => i32.add(array.get, at.get)
    return [
      end.set(bytesOf(count)),
      bucket.set(i32.add(i32.load(scratch.get), constant.i32(1))),
      whileTrue(
        i32.less(at.get, end.get),
        score.set(f32.load(from(scores))),
        row.set(i32.load(from(rows))),
        // written whether it stays or not: no branch to guess
        f32.store(i32.add(scores.get, bytesOf(to)), score.get),
        i32.store(i32.add(rows.get, bytesOf(to)), row.get),
        to.set(i32.add(to.get, i32.less(i32.load(from(buckets)), bucket.get))),
        add(at, FLOAT),
      ),
      end.set(bytesOf(to)),
      ...[0, 1, 2].map((i) => f32.store(i32.add(scores.get, end.get), f32.load(scores.get), i * FLOAT)),
      leasts.set(f32x4.splat(f32.load(scores.get))),
      at.set(constant.i32(0)),
      whileTrue(i32.less(at.get, end.get), leasts.set(f32x4.min(leasts.get, v128.load(from(scores)))), add(at, VECTOR)),
      least.set(f32x4.lane(leasts.get, 0)),
      ...[1, 2, 3].map((lane) => least.set(f32.min(least.get, f32x4.lane(leasts.get, lane)))),
      least.get,
    ]
  },
  'f32',
)

/**
 * Of rows that `weigh` weighed, those in better buckets than that in `scratch` stay, in their order and from the start, those of it go aside;
 * the rest is lost. How many stay; how many went aside stands in `scratch` then.
 */
export const part = kernel(
  { scores: 'i32', rows: 'i32', count: 'i32', buckets: 'i32', sideScores: 'i32', sideRows: 'i32', scratch: 'i32' },
  { at: 'i32', end: 'i32', slot: 'i32', bucket: 'i32', to: 'i32', aside: 'i32', score: 'f32', row: 'i32' },
  ({ scores, rows, count, buckets, sideScores, sideRows, scratch, at, end, slot, bucket, to, aside, score, row }) => {
    const from = (array: Local) => i32.add(array.get, at.get)
    return [
      end.set(bytesOf(count)),
      bucket.set(i32.load(scratch.get)),
      whileTrue(
        i32.less(at.get, end.get),
        score.set(f32.load(from(scores))),
        row.set(i32.load(from(rows))),
        slot.set(i32.load(from(buckets))),
        // written to both sides and counted on one: no branch to guess
        f32.store(i32.add(scores.get, bytesOf(to)), score.get),
        i32.store(i32.add(rows.get, bytesOf(to)), row.get),
        to.set(i32.add(to.get, i32.less(slot.get, bucket.get))),
        f32.store(i32.add(sideScores.get, bytesOf(aside)), score.get),
        i32.store(i32.add(sideRows.get, bytesOf(aside)), row.get),
        aside.set(i32.add(aside.get, i32.equal(slot.get, bucket.get))),
        add(at, FLOAT),
      ),
      i32.store(scratch.get, aside.get),
      to.get,
    ]
  },
  'i32',
)

/** Queries that `turn` takes at once. */
export const TURNED_AT_ONCE = 16

/**
 * Integers `[document, query]` as floats `[query, document]`: `queries` and `documents` are multiples of 16 and 4, `stride` is
 * bytes from query to query of the output.
 */
export const turn = kernel(
  { integers: 'i32', documents: 'i32', queries: 'i32', stride: 'i32', out: 'i32' },
  {
    ...{ from: 'i32', second: 'i32', to: 'i32', at: 'i32', left: 'i32', rowBytes: 'i32' },
    ...{ a: 'v128', b: 'v128', c: 'v128', d: 'v128', low: 'v128', high: 'v128' },
  } as const,
  (own) => {
    const { integers, documents, queries, stride, out, from, second, to, at, left, rowBytes, a, b, c, d, low, high } = own
    const rows = (start: Local) => i32.add(start.get, rowBytes.get)
    const store = (code: Code) => [v128.store(at.get, f32x4.ofI32(code)), at.set(i32.add(at.get, stride.get))]
    const four = (offset: number): Code[] => [
      a.set(v128.load(from.get, offset)),
      b.set(v128.load(rows(from), offset)),
      c.set(v128.load(second.get, offset)),
      d.set(v128.load(rows(second), offset)),
      low.set(v128.pick(a.get, b.get, [0, 4, 1, 5])),
      high.set(v128.pick(c.get, d.get, [0, 4, 1, 5])),
      ...store(v128.pick(low.get, high.get, [0, 1, 4, 5])),
      ...store(v128.pick(low.get, high.get, [2, 3, 6, 7])),
      low.set(v128.pick(a.get, b.get, [2, 6, 3, 7])),
      high.set(v128.pick(c.get, d.get, [2, 6, 3, 7])),
      ...store(v128.pick(low.get, high.get, [0, 1, 4, 5])),
      ...store(v128.pick(low.get, high.get, [2, 3, 6, 7])),
    ]
    return [
      rowBytes.set(bytesOf(queries)),
      whileTrue(
        queries.get,
        from.set(integers.get),
        to.set(out.get),
        left.set(documents.get),
        whileTrue(
          left.get,
          second.set(i32.add(rows(from), rowBytes.get)),
          at.set(to.get),
          ...[0, 1, 2, 3].flatMap((i) => four(i * VECTOR)),
          from.set(i32.add(rows(second), rowBytes.get)),
          add(to, VECTOR),
          add(left, -4),
        ),
        add(integers, TURNED_AT_ONCE * FLOAT),
        out.set(i32.add(out.get, i32.shiftLeft(stride.get, constant.i32(4)))),
        add(queries, -TURNED_AT_ONCE),
      ),
    ]
  },
)
