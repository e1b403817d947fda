import { type Code, constant, f32, f32x4, i8x16, i32, i32x4, kernel, type Local, v128, whileTrue } from './wasm-code.ts'

const FLOAT = 4
const VECTOR = 16
/** The largest float32. */
const MOST_PER_SCORE = 2 ** 127 * (2 - 2 ** -23)
/** Buckets of `weigh`. */
export const BUCKETS = 256

const add = (local: Local, by: number) => local.set(i32.add(local.get, constant.i32(by)))
const bytesOf = (numbers: Local) => i32.shiftLeft(numbers.get, constant.i32(2))

/**
 * Puts scored rows into buckets by their scores: equal ones share a bucket and larger ones have no larger bucket, whatever the quotient rounds
 * to. A bucket is the address of its number in `counts`. How many rows are in the buckets up to that of the `nth` largest score (from 0);
 * that bucket stands in `scratch`, after it the largest score and the number of buckets for a score of 1.
 */
export const weigh = kernel(
  { scores: 'i32', count: 'i32', nth: 'i32', buckets: 'i32', counts: 'i32', scratch: 'i32' },
  {
    ...{ at: 'i32', end: 'i32', slot: 'i32', before: 'i32', most: 'f32', least: 'f32' },
    ...{ mosts: 'v128', leasts: 'v128', perScore: 'v128', first: 'v128' },
  } as const,
  (own) => {
    const { scores, count, nth, buckets, counts, at, end, slot, before, most, least, mosts, leasts, first } = own
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
    // finite, so that no product with it is not a number
    const perScore = f32.min(f32.div(last, f32.sub(most.get, least.get)), constant.f32(MOST_PER_SCORE))
    const bucketed = f32x4.mul(f32x4.sub(mosts.get, v128.load(i32.add(scores.get, at.get))), own.perScore.get)
    return [
      ...ends,
      mosts.set(f32x4.splat(most.get)),
      own.perScore.set(f32x4.splat(perScore)),
      first.set(i32x4.splat(counts.get)),
      at.set(constant.i32(0)),
      whileTrue(
        i32.less(at.get, constant.i32(BUCKETS * FLOAT)),
        v128.store(i32.add(counts.get, at.get), i32x4.splat(constant.i32(0))),
        add(at, VECTOR),
      ),
      at.set(constant.i32(0)),
      whileTrue(
        i32.less(at.get, end.get),
        v128.store(
          i32.add(buckets.get, at.get),
          i32x4.add(first.get, i32x4.shiftLeft(i32x4.truncatedInRange(f32x4.min(bucketed, f32x4.splat(last))), constant.i32(2))),
        ),
        add(at, VECTOR),
      ),
      at.set(constant.i32(0)),
      whileTrue(
        i32.less(at.get, end.get),
        slot.set(i32.load(i32.add(buckets.get, at.get))),
        i32.store(slot.get, i32.add(i32.load(slot.get), constant.i32(1))),
        add(at, FLOAT),
      ),
      slot.set(counts.get),
      whileTrue(
        i32.less(i32.add(before.get, i32.load(slot.get)), i32.add(nth.get, constant.i32(1))),
        before.set(i32.add(before.get, i32.load(slot.get))),
        add(slot, FLOAT),
      ),
      i32.store(own.scratch.get, slot.get),
      f32.store(own.scratch.get, most.get, FLOAT),
      f32.store(own.scratch.get, f32x4.lane(own.perScore.get, 0), 2 * FLOAT),
      i32.add(before.get, i32.load(slot.get)),
    ]
  },
  'i32',
)

/**
 * Of rows that `weigh` weighed, those in the buckets up to that in `scratch` stay, in their order and from the start; the rest is lost.
 * The least score that stays. `orders` as `packedOrders` has them.
 */
export const gather = kernel(
  { scores: 'i32', rows: 'i32', count: 'i32', buckets: 'i32', scratch: 'i32', orders: 'i32' },
  {
    ...{ at: 'i32', end: 'i32', to: 'i32', bits: 'i32', least: 'f32' },
    ...{ bucket: 'v128', leasts: 'v128', score: 'v128', row: 'v128', order: 'v128' },
  } as const,
  (own) => {
    const { scores, rows, count, buckets, scratch, at, end, to, bits, least, bucket, leasts, score, row } = own
    const from = (array: Local) => i32.add(array.get, at.get)
    return [
      end.set(bytesOf(count)),
      ...pastAll(buckets, end),
      bucket.set(i32x4.splat(i32.add(i32.load(scratch.get), constant.i32(1)))),
      whileTrue(
        i32.less(at.get, end.get),
        score.set(v128.load(from(scores))),
        row.set(v128.load(from(rows))),
        bits.set(i32x4.signs(i32x4.less(v128.load(from(buckets)), bucket.get))),
        ...putChosen(own, { scores, rows, to }),
        add(at, VECTOR),
      ),
      ...[0, 1, 2].map((i) => f32.store(i32.add(scores.get, to.get), f32.load(scores.get), i * FLOAT)),
      leasts.set(f32x4.splat(f32.load(scores.get))),
      at.set(constant.i32(0)),
      whileTrue(i32.less(at.get, to.get), leasts.set(f32x4.min(leasts.get, v128.load(from(scores)))), add(at, VECTOR)),
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
  {
    ...{ scores: 'i32', rows: 'i32', count: 'i32', buckets: 'i32', scratch: 'i32', orders: 'i32' },
    ...{ sideScores: 'i32', sideRows: 'i32' },
  } as const,
  {
    ...{ at: 'i32', end: 'i32', to: 'i32', aside: 'i32', bits: 'i32' },
    ...{ bucket: 'v128', slots: 'v128', score: 'v128', row: 'v128', order: 'v128' },
  } as const,
  (own) => {
    const { scores, rows, buckets, scratch, at, end, to, aside, bits, bucket, slots, score, row } = own
    const from = (array: Local) => i32.add(array.get, at.get)
    return [
      end.set(bytesOf(own.count)),
      ...pastAll(buckets, end),
      bucket.set(i32x4.splat(i32.load(scratch.get))),
      whileTrue(
        i32.less(at.get, end.get),
        score.set(v128.load(from(scores))),
        row.set(v128.load(from(rows))),
        slots.set(v128.load(from(buckets))),
        bits.set(i32x4.signs(i32x4.less(slots.get, bucket.get))),
        ...putChosen(own, { scores, rows, to }),
        bits.set(i32x4.signs(i32x4.equal(slots.get, bucket.get))),
        ...putChosen(own, { scores: own.sideScores, rows: own.sideRows, to: aside }),
        add(at, VECTOR),
      ),
      i32.store(scratch.get, i32.shiftRight(aside.get, constant.i32(2))),
      i32.shiftRight(to.get, constant.i32(2)),
    ]
  },
  'i32',
)

/** The buckets up to the end of the last vector are those of no row. */
function pastAll(buckets: Local, end: Local): Code[] {
  return [0, 1, 2].map((i) => i32.store(i32.add(buckets.get, end.get), constant.i32(2 ** 31 - 1), i * FLOAT))
}

type Chosen = Readonly<Record<'scores' | 'rows' | 'to', Local>>
type FourLocals = Readonly<Record<'bits' | 'orders' | 'order' | 'score' | 'row', Local>>

/** Puts those of four scores and rows whose bits are set to `to`; what stands behind them there is overwritten next. */
function putChosen({ bits, orders, order, score, row }: FourLocals, { scores, rows, to }: Chosen): Code[] {
  const ordered = (values: Local) => i8x16.ordered(values.get, order.get)
  return [
    order.set(v128.load(i32.add(orders.get, i32.shiftLeft(bits.get, constant.i32(4))))),
    v128.store(i32.add(scores.get, to.get), ordered(score)),
    v128.store(i32.add(rows.get, to.get), ordered(row)),
    to.set(i32.add(to.get, i32.shiftLeft(i32.ones(bits.get), constant.i32(2)))),
  ]
}

/** For each choice of four numbers (a bit each) 16 bytes: the places of the bytes of those that are chosen, one after the other. */
export function packedOrders(): Uint8Array {
  const orders = Array.from({ length: 16 }, (_, choice) => {
    const chosen = [0, 1, 2, 3].filter((number) => choice & (1 << number))
    return [0, 1, 2, 3].flatMap((i) => [0, 1, 2, 3].map((byte) => 4 * (chosen[i] ?? 0) + byte))
  })
  return Uint8Array.from(orders.flat())
}
