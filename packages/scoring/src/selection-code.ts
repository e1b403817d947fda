import { type Code, constant, either, f32, f32x4, i8x16, i32, i32x4, kernel, type Local, v128, whileTrue } from './wasm-code.ts'

const FLOAT = 4
const VECTOR = 16
/** The largest float32. */
const MOST_PER_SCORE = 2 ** 127 * (2 - 2 ** -23)
/** Buckets of a tally. */
export const BUCKETS = 256
/** Parts of the depth for each of which a tally tells what score so many rows reach. */
export const SHARES = 8
/**
 * Where the numbers of a tally stand, in numbers: rows counted, the largest score and the buckets for a score of 1, the bucket that the depth reaches,
 * the rows up to it; then the rows of each bucket.
 */
export const TALLY = { counted: 0, most: 1, perScore: 2, bucket: 3, reached: 4, counts: 8 } as const
export const TALLY_BYTES = FLOAT * (TALLY.counts + BUCKETS)
/** Of a bucket, what a score may be off by where it is told from its bucket; beside it, parts of the largest score. */
export const BUCKET_SLACK = 1 / 16
export const SCORE_SLACK = 2 ** -22

const add = (local: Local, by: number) => local.set(i32.add(local.get, constant.i32(by)))
const bytesOf = (numbers: Local) => i32.shiftLeft(numbers.get, constant.i32(2))

/**
 * Counts the scores that were put at the ends of lists since the last time, in buckets from the largest score down: equal ones share a bucket and
 * larger ones have no larger bucket, whatever the quotient rounds to. A list that has no tally gets one once it is longer than half the depth,
 * with buckets from its largest to its least score; later scores beyond these are in the first or last bucket. Lists with fewer than `least`
 * new rows are left for later. `reached` [share, list], `stride` bytes from share to share, rises to scores that at least so many parts of
 * the depth of all counted rows reach.
 */
export const tally = kernel(
  {
    ...{ tallies: 'i32', lists: 'i32', listBytes: 'i32', scoresFrom: 'i32', lengths: 'i32', queries: 'i32' },
    ...{ depth: 'i32', least: 'i32', reached: 'i32', stride: 'i32', buckets: 'i32' },
  } as const,
  {
    ...{ count: 'i32', wanted: 'i32', fresh: 'i32', from: 'i32', at: 'i32', end: 'i32', slot: 'i32', last: 'i32', sum: 'i32' },
    ...{ share: 'i32', to: 'i32', told: 'f32', most: 'f32', lowest: 'f32' },
    ...{ mosts: 'v128', leasts: 'v128', perScore: 'v128', first: 'v128' },
  } as const,
  (own) => {
    const { tallies, lengths, depth, count, wanted, fresh, from, at, end, slot, last, sum, share, to, told } = own
    const { most, lowest, mosts, leasts, perScore, first, buckets } = own
    const counted = i32.load(tallies.get, FLOAT * TALLY.counted)
    const countsAt = i32.add(tallies.get, constant.i32(FLOAT * TALLY.counts))
    const scoresHere = v128.load(i32.add(from.get, at.get))
    const limit = f32x4.splat(constant.f32(BUCKETS - 1))
    const bucketed = f32x4.mul(f32x4.sub(mosts.get, scoresHere), perScore.get)
    // what is no number, beyond the end, is in the first
    const inRange = f32x4.min(f32x4.max(f32x4.splat(constant.f32(0)), bucketed), limit)
    const bucket = i32.shiftRight(i32.sub(slot.get, countsAt), constant.i32(2))
    const beyond = f32.div(
      f32.add(f32.ofI32(bucket), constant.f32(1 + BUCKET_SLACK)),
      f32.load(tallies.get, FLOAT * TALLY.perScore),
    )
    const lower = f32.add(beyond, f32.mul(f32.abs(most.get), constant.f32(SCORE_SLACK)))
    const floor = f32.sub(most.get, lower)
    // the last bucket has all that is below; and what is infinite tells nothing
    const isHigher = i32.and(i32.less(slot.get, last.get), f32.greater(told.get, f32.load(to.get)))
    const wantedRows = i32.shiftRight(
      i32.add(i32.mul(depth.get, share.get), constant.i32(SHARES - 1)),
      constant.i32(Math.log2(SHARES)),
    )
    const findRange: Code[] = [
      end.set(bytesOf(count)),
      // the last vector is filled up with a score that is there
      ...[0, 1, 2].map((i) => f32.store(i32.add(from.get, end.get), f32.load(from.get), i * FLOAT)),
      mosts.set(f32x4.splat(f32.load(from.get))),
      leasts.set(mosts.get),
      at.set(constant.i32(0)),
      whileTrue(
        i32.less(at.get, end.get),
        mosts.set(f32x4.max(mosts.get, scoresHere)),
        leasts.set(f32x4.min(leasts.get, scoresHere)),
        add(at, VECTOR),
      ),
      most.set(f32x4.lane(mosts.get, 0)),
      lowest.set(f32x4.lane(leasts.get, 0)),
      ...[1, 2, 3].map((lane) => most.set(f32.max(most.get, f32x4.lane(mosts.get, lane)))),
      ...[1, 2, 3].map((lane) => lowest.set(f32.min(lowest.get, f32x4.lane(leasts.get, lane)))),
      f32.store(tallies.get, most.get, FLOAT * TALLY.most),
      // finite, so that no product with it is not a number
      f32.store(
        tallies.get,
        f32.min(f32.div(constant.f32(BUCKETS - 1), f32.sub(most.get, lowest.get)), constant.f32(MOST_PER_SCORE)),
        FLOAT * TALLY.perScore,
      ),
      at.set(constant.i32(0)),
      whileTrue(
        i32.less(at.get, constant.i32(BUCKETS * FLOAT)),
        v128.store(i32.add(countsAt, at.get), i32x4.splat(constant.i32(0))),
        add(at, VECTOR),
      ),
    ]
    const countNew: Code[] = [
      most.set(f32.load(tallies.get, FLOAT * TALLY.most)),
      mosts.set(f32x4.splat(most.get)),
      perScore.set(f32x4.splat(f32.load(tallies.get, FLOAT * TALLY.perScore))),
      first.set(i32x4.splat(countsAt)),
      from.set(i32.add(from.get, i32.shiftLeft(counted, constant.i32(2)))),
      end.set(i32.shiftLeft(i32.sub(count.get, counted), constant.i32(2))),
      at.set(constant.i32(0)),
      whileTrue(
        i32.less(at.get, end.get),
        v128.store(
          i32.add(buckets.get, at.get),
          i32x4.add(first.get, i32x4.shiftLeft(i32x4.truncatedInRange(inRange), constant.i32(2))),
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
      i32.store(tallies.get, count.get, FLOAT * TALLY.counted),
    ]
    const tellReached: Code[] = [
      slot.set(countsAt),
      last.set(i32.add(slot.get, constant.i32((BUCKETS - 1) * FLOAT))),
      sum.set(i32.load(slot.get)),
      to.set(own.reached.get),
      share.set(constant.i32(1)),
      whileTrue(
        i32.less(share.get, constant.i32(SHARES + 1)),
        whileTrue(
          i32.and(i32.less(sum.get, wantedRows), i32.less(slot.get, last.get)),
          add(slot, FLOAT),
          sum.set(i32.add(sum.get, i32.load(slot.get))),
        ),
        told.set(floor),
        f32.store(to.get, either(isHigher, told.get, f32.load(to.get))),
        to.set(i32.add(to.get, own.stride.get)),
        add(share, 1),
      ),
      i32.store(tallies.get, bucket, FLOAT * TALLY.bucket),
      i32.store(tallies.get, sum.get, FLOAT * TALLY.reached),
    ]
    return [
      whileTrue(
        own.queries.get,
        count.set(i32.load(lengths.get)),
        fresh.set(i32.isZero(counted)),
        wanted.set(
          either(
            fresh.get,
            i32.less(depth.get, i32.shiftLeft(count.get, constant.i32(1))),
            i32.isZero(i32.less(i32.sub(count.get, counted), own.least.get)),
          ),
        ),
        whileTrue(
          wanted.get,
          from.set(i32.add(own.lists.get, own.scoresFrom.get)),
          whileTrue(fresh.get, ...findRange, fresh.set(constant.i32(0))),
          ...countNew,
          ...tellReached,
          wanted.set(constant.i32(0)),
        ),
        add(tallies, TALLY_BYTES),
        own.lists.set(i32.add(own.lists.get, own.listBytes.get)),
        ...[lengths, own.reached].map((array) => add(array, FLOAT)),
        add(own.queries, -1),
      ),
    ]
  },
)

/**
 * The floors of lists from what is reached of the rows here and of others elsewhere, `[share, list]` as `tally` has them: what the depth of either
 * reaches, or some shares of the one and all further shares of the other. Written by four.
 */
export const rise = kernel(
  { ownReached: 'i32', otherReached: 'i32', stride: 'i32', floors: 'i32', queries: 'i32' },
  { at: 'i32', end: 'i32', share: 'i32', other: 'i32', floor: 'v128' },
  (own) => {
    const { at, end, share, other, floor, stride } = own
    const here = (array: Local) => v128.load(i32.add(array.get, at.get))
    const raise = (by: Code) => floor.set(f32x4.max(floor.get, by))
    const last = i32.mul(stride.get, constant.i32(SHARES - 1))
    return [
      end.set(bytesOf(own.queries)),
      whileTrue(
        i32.less(at.get, end.get),
        share.set(i32.add(own.ownReached.get, last)),
        other.set(i32.add(own.otherReached.get, last)),
        floor.set(f32x4.max(here(share), here(other))),
        share.set(own.ownReached.get),
        whileTrue(
          i32.less(own.otherReached.get, other.get),
          other.set(i32.sub(other.get, stride.get)),
          raise(f32x4.min(here(share), here(other))),
          share.set(i32.add(share.get, stride.get)),
        ),
        v128.store(i32.add(own.floors.get, at.get), floor.get),
        add(at, VECTOR),
      ),
    ]
  },
)

/**
 * Of a list that was counted or has no tally, rows whose scores reach its floor stay, in their order and from the start; the rest is lost. How many stay, which
 * is the list's length then. `orders` as `packedOrders` has them.
 */
export const keep = kernel(
  { tally: 'i32', rows: 'i32', scoresFrom: 'i32', length: 'i32', floor: 'i32', orders: 'i32' },
  {
    ...{ scores: 'i32', at: 'i32', end: 'i32', to: 'i32', bits: 'i32' },
    ...{ floors: 'v128', score: 'v128', row: 'v128', order: 'v128' },
  } as const,
  (own) => {
    const { length, scores, rows, at, end, to, bits, floors, score, row } = own
    const from = (array: Local) => i32.add(array.get, at.get)
    return [
      scores.set(i32.add(rows.get, own.scoresFrom.get)),
      end.set(i32.shiftLeft(i32.load(length.get), constant.i32(2))),
      ...pastAll(scores, end),
      floors.set(f32x4.splat(f32.load(own.floor.get))),
      whileTrue(
        i32.less(at.get, end.get),
        score.set(v128.load(from(scores))),
        row.set(v128.load(from(rows))),
        bits.set(i32x4.signs(f32x4.atLeast(score.get, floors.get))),
        ...putChosen(own, { scores, rows, to }),
        add(at, VECTOR),
      ),
      to.set(i32.shiftRight(to.get, constant.i32(2))),
      i32.store(length.get, to.get),
      i32.store(
        own.tally.get,
        either(i32.load(own.tally.get, FLOAT * TALLY.counted), to.get, constant.i32(0)),
        FLOAT * TALLY.counted,
      ),
      to.get,
    ]
  },
  'i32',
)

/**
 * Of `count` rows of a list, those with scores above `high` stay, in their order and from the start, the others that reach `low` go aside; the
 * rest is lost. How many stay; how many went aside stands in `sideCount` then.
 */
export const part = kernel(
  {
    ...{ rows: 'i32', scoresFrom: 'i32', count: 'i32', low: 'f32', high: 'f32', orders: 'i32' },
    ...{ sideScores: 'i32', sideRows: 'i32', sideCount: 'i32' },
  } as const,
  {
    ...{ scores: 'i32', at: 'i32', end: 'i32', to: 'i32', aside: 'i32', bits: 'i32' },
    ...{ lows: 'v128', highs: 'v128', above: 'v128', score: 'v128', row: 'v128', order: 'v128' },
  } as const,
  (own) => {
    const { scores, rows, at, end, to, aside, bits, lows, highs, above, score, row } = own
    const from = (array: Local) => i32.add(array.get, at.get)
    return [
      scores.set(i32.add(rows.get, own.scoresFrom.get)),
      end.set(bytesOf(own.count)),
      ...pastAll(scores, end),
      lows.set(f32x4.splat(own.low.get)),
      highs.set(f32x4.splat(own.high.get)),
      whileTrue(
        i32.less(at.get, end.get),
        score.set(v128.load(from(scores))),
        row.set(v128.load(from(rows))),
        above.set(f32x4.greater(score.get, highs.get)),
        bits.set(i32x4.signs(v128.without(f32x4.atLeast(score.get, lows.get), above.get))),
        ...putChosen(own, { scores: own.sideScores, rows: own.sideRows, to: aside }),
        bits.set(i32x4.signs(above.get)),
        ...putChosen(own, { scores, rows, to }),
        add(at, VECTOR),
      ),
      i32.store(own.sideCount.get, i32.shiftRight(aside.get, constant.i32(2))),
      i32.shiftRight(to.get, constant.i32(2)),
    ]
  },
  'i32',
)

/** The scores up to the end of the last vector reach nothing. */
function pastAll(scores: Local, end: Local): Code[] {
  return [0, 1, 2].map((i) => f32.store(i32.add(scores.get, end.get), constant.f32(Number.NaN), i * FLOAT))
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
