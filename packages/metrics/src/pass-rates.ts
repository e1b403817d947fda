import { wilsonInterval } from './wilson.ts'

/** How many queries have a relevant document among their first k. */
export interface PassRate {
  readonly k: number
  readonly passed: number
  /** `passed` by the number of queries. */
  readonly rate: number
  /** Wilson's 95 % interval of the rate. */
  readonly low: number
  readonly high: number
}

export interface PassRates {
  readonly queryCount: number
  /** In the order of the cut-offs given. */
  readonly rates: readonly PassRate[]
}

export interface PassRatesByKind {
  readonly all: PassRates
  /** In order of first appearance. */
  readonly kinds: readonly (PassRates & { readonly kind: string })[]
}

/**
 * Top-k accuracy, over all queries and over those of each kind: the share of queries with at least one relevant document among
 * the first k, which is hit_rate@k.
 *
 * @param kinds [queries] kind of each query
 * @param hits for each cut-off k the [queries] hit_rate@k, 1 or 0, in the same order
 * @throws RangeError where there is no query, an array has another length, or a value is neither 0 nor 1
 */
export function passRatesByKind(
  kinds: readonly string[],
  hits: readonly { readonly k: number; readonly values: ArrayLike<number> }[],
): PassRatesByKind {
  for (const { k, values } of hits) {
    const isRight = values.length === kinds.length && Array.from(values).every((value) => value === 0 || value === 1)
    if (!isRight) throw new RangeError(`hits at ${k} are not one 0 or 1 for each of ${kinds.length} queries`)
  }
  const queries = kinds.map((_, query) => query)
  return {
    all: ratesOf(queries, hits),
    kinds: [...new Set(kinds)].map((kind) => ({
      kind,
      ...ratesOf(
        queries.filter((query) => kinds[query] === kind),
        hits,
      ),
    })),
  }
}

function ratesOf(
  queries: readonly number[],
  hits: readonly { readonly k: number; readonly values: ArrayLike<number> }[],
): PassRates {
  const queryCount = queries.length
  const rates = hits.map(({ k, values }) => {
    const passed = queries.filter((query) => values[query] === 1).length
    return { k, passed, rate: passed / queryCount, ...wilsonInterval(passed, queryCount) }
  })
  return { queryCount, rates }
}
