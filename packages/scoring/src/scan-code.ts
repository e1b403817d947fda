import { type Code, constant, f32, f32x4, i32, i32x4, type Kernel, kernel, type Local, v128, whileTrue } from './wasm-code.ts'

const FLOAT = 4
const VECTOR = 16
/** Products that are taken at once. */
export const SCANNED_AT_ONCE = 16
/** Bytes of a group of them that is written down. */
export const GROUP_BYTES = 8

const add = (local: Local, by: number) => local.set(i32.add(local.get, constant.i32(by)))
const bytesOf = (numbers: Local) => i32.shiftLeft(numbers.get, constant.i32(2))

/** Lists of found rows, one for each query: where scales, floors and lengths of the first query's stand, and where its list is. */
const LISTS = {
  scales: 'i32',
  floors: 'i32',
  lists: 'i32',
  /** From list to list. */
  listBytes: 'i32',
  /** From a row of a list to its score. */
  scoresFrom: 'i32',
  counts: 'i32',
  /** Room for groups of products, until what they have is sorted out. */
  groups: 'i32',
} as const

/**
 * Of products `[query, document]`, `stride` bytes from query to query, puts the rows that reach their query's floor at the ends of the lists:
 * score = product x factor of the row x scale of the query. A factor that is not a number hides its row; the factors are filled up with
 * such ones to `SCANNED_AT_ONCE`. Without factors a score is its product, and `count` a multiple of `SCANNED_AT_ONCE`.
 */
export function scan({ integers, factors: isFactored }: { integers: boolean; factors: boolean }): Kernel {
  return kernel(
    {
      ...{ products: 'i32', stride: 'i32', factors: 'i32', count: 'i32', queries: 'i32', firstRow: 'i32' },
      ...LISTS,
    } as const,
    {
      ...{ at: 'i32', end: 'i32', last: 'i32', bits: 'i32', lane: 'i32', next: 'i32', left: 'i32', to: 'i32', scale: 'f32' },
      ...{ a: 'v128', b: 'v128', c: 'v128', d: 'v128', floor: 'v128', everyScale: 'v128' },
    } as const,
    (own) => {
      const { products, factors, groups, at, end, last, bits, lane, next, to, scale, a, b, c, d, floor, everyScale } = own
      const reached = (mask: Local, offset: number) => {
        const loaded = v128.load(i32.add(products.get, at.get), offset)
        const product = integers ? f32x4.ofI32(loaded) : loaded
        if (!isFactored) return mask.set(f32x4.atLeast(product, floor.get))
        const factor = v128.load(i32.add(factors.get, at.get), offset)
        return mask.set(f32x4.atLeast(f32x4.mul(f32x4.mul(product, factor), everyScale.get), floor.get))
      }
      // the few that reach the floor are multiplied once more
      const here = (array: Local) => i32.add(i32.add(array.get, at.get), bytesOf(lane))
      const product = integers ? f32.ofI32(i32.load(here(products))) : f32.load(here(products))
      const score = isFactored ? f32.mul(f32.mul(product, f32.load(here(factors))), scale.get) : product
      const row = i32.add(i32.add(own.firstRow.get, i32.shiftRight(at.get, constant.i32(2))), lane.get)
      // which groups have one, without a branch to guess: where, and a bit for each that has
      const group: Code[] = [
        ...[a, b, c, d].map((mask, i) => reached(mask, i * VECTOR)),
        bits.set(i32x4.signsOfFour([a.get, b.get, c.get, d.get])),
        ...putGroup(own),
        add(at, SCANNED_AT_ONCE * FLOAT),
      ]
      return [
        end.set(bytesOf(own.count)),
        whileTrue(
          own.queries.get,
          floor.set(f32x4.splat(f32.load(own.floors.get))),
          scale.set(f32.load(own.scales.get)),
          everyScale.set(f32x4.splat(scale.get)),
          next.set(groups.get),
          at.set(constant.i32(0)),
          whileTrue(i32.less(at.get, end.get), ...group),
          last.set(next.get),
          to.set(i32.add(own.lists.get, i32.shiftLeft(i32.load(own.counts.get), constant.i32(2)))),
          ...takeGroups(own, [i32.store(to.get, row), f32.store(i32.add(to.get, own.scoresFrom.get), score), add(to, FLOAT)]),
          i32.store(own.counts.get, i32.shiftRight(i32.sub(to.get, own.lists.get), constant.i32(2))),
          products.set(i32.add(products.get, own.stride.get)),
          own.lists.set(i32.add(own.lists.get, own.listBytes.get)),
          ...[own.scales, own.floors, own.counts].map((array) => add(array, FLOAT)),
          add(own.queries, -1),
        ),
      ]
    },
  )
}

/** The same of integers `[document, query]`, of a multiple of `SCANNED_AT_ONCE` queries, where floors of no query are infinite. */
export const scanTurned = kernel(
  { integers: 'i32', queries: 'i32', factors: 'i32', count: 'i32', firstRow: 'i32', ...LISTS } as const,
  {
    ...{
      at: 'i32',
      end: 'i32',
      last: 'i32',
      bits: 'i32',
      lane: 'i32',
      next: 'i32',
      left: 'i32',
      to: 'i32',
      slot: 'i32',
      factor: 'f32',
    },
    ...{ a: 'v128', b: 'v128', c: 'v128', d: 'v128', everyFactor: 'v128' },
  } as const,
  (own) => {
    const { integers, factors, scales, floors, groups, at, end, last, bits, lane, next, to, slot, factor, a, b, c, d } = own
    const reached = (mask: Local, offset: number) => {
      const here = (array: Local) => v128.load(i32.add(array.get, at.get), offset)
      const scaled = f32x4.mul(f32x4.mul(f32x4.ofI32(here(integers)), own.everyFactor.get), here(scales))
      return mask.set(f32x4.atLeast(scaled, here(floors)))
    }
    const from = (array: Local) => i32.add(array.get, lane.get)
    const score = f32.mul(f32.mul(f32.ofI32(i32.load(from(integers))), factor.get), f32.load(from(scales)))
    return [
      end.set(bytesOf(own.queries)),
      whileTrue(
        own.count.get,
        factor.set(f32.load(factors.get)),
        own.everyFactor.set(f32x4.splat(factor.get)),
        next.set(groups.get),
        at.set(constant.i32(0)),
        whileTrue(
          i32.less(at.get, end.get),
          ...[a, b, c, d].map((mask, i) => reached(mask, i * VECTOR)),
          bits.set(i32x4.signsOfFour([a.get, b.get, c.get, d.get])),
          ...putGroup(own),
          add(at, SCANNED_AT_ONCE * FLOAT),
        ),
        last.set(next.get),
        ...takeGroups(own, [
          lane.set(i32.add(at.get, bytesOf(lane))),
          slot.set(i32.add(own.counts.get, lane.get)),
          to.set(i32.mul(i32.shiftRight(lane.get, constant.i32(2)), own.listBytes.get)),
          to.set(i32.add(i32.add(own.lists.get, to.get), i32.shiftLeft(i32.load(slot.get), constant.i32(2)))),
          i32.store(to.get, own.firstRow.get),
          f32.store(i32.add(to.get, own.scoresFrom.get), score),
          i32.store(slot.get, i32.add(i32.load(slot.get), constant.i32(1))),
        ]),
        integers.set(i32.add(integers.get, end.get)),
        add(factors, FLOAT),
        add(own.firstRow, 1),
        add(own.count, -1),
      ),
    ]
  },
)

type GroupLocals = Readonly<Record<'groups' | 'next' | 'last' | 'at' | 'bits' | 'lane', Local>>

/** Writes down a group of products, and counts it if one of its bits is set. */
function putGroup({ next, at, bits }: GroupLocals): Code[] {
  return [
    i32.store(next.get, at.get),
    i32.store(next.get, bits.get, FLOAT),
    next.set(i32.add(next.get, i32.shiftLeft(i32.different(bits.get, constant.i32(0)), constant.i32(3)))),
  ]
}

/**
 * Does `each` for every bit of the groups written down: number `lane` of the group at `at`. For one bit of every group, then for the next ones of
 * those that have more: so nothing of a group is waited for before the next one is begun, and there is no branch to guess.
 */
function takeGroups(own: GroupLocals & Readonly<Record<'left', Local>>, each: readonly Code[]): Code[] {
  const { groups, next, last, at, bits, lane, left } = own
  return [
    whileTrue(
      i32.less(groups.get, last.get),
      next.set(groups.get),
      left.set(groups.get),
      whileTrue(
        i32.less(next.get, last.get),
        at.set(i32.load(next.get)),
        bits.set(i32.load(next.get, FLOAT)),
        add(next, GROUP_BYTES),
        lane.set(i32.trailingZeros(bits.get)),
        ...each,
        bits.set(i32.and(bits.get, i32.sub(bits.get, constant.i32(1)))),
        i32.store(left.get, at.get),
        i32.store(left.get, bits.get, FLOAT),
        left.set(i32.add(left.get, i32.shiftLeft(i32.different(bits.get, constant.i32(0)), constant.i32(3)))),
      ),
      last.set(left.get),
    ),
  ]
}
