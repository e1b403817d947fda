import { numpyMean, numpySum } from './numpy-sum.ts'
import { roundToEvenInteger } from './round.ts'

// numpy.linspace(0, 1, 11)[:-1], bit for bit
const ABSTENTION_RATES = [0, 0.1, 0.2, 0.30000000000000004, 0.4, 0.5, 0.6000000000000001, 0.7000000000000001, 0.8, 0.9] as const

/**
 * Area between the abstention curve of a confidence and that of no information, over that of the oracle: 1 when dropping the least
 * confident queries first is as good as dropping the worst ones, 0 when it is no better than chance.
 *
 * @param confidence [queries] one number a query, larger is surer
 * @param metric [queries] the metric of each query
 * @returns NaN where undefined: no query, or an oracle no better than keeping all (MTEB's exact float equality)
 * @see MTEB `mteb/_evaluators/retrieval_metrics.py` (nauc); protocol 2.6
 */
export function nauc(confidence: Float64Array, metric: Float64Array): number {
  return naucOf(abstentionArea(ascendingOrder(confidence), metric), oracleOf(metric))
}

/** What every nAUC of one metric shares: the areas under the oracle's and the flat curve. */
export interface AbstentionOracle {
  readonly area: number
  readonly flat: number
}

/** The oracle drops the queries with the worst metric first. */
export function oracleOf(metric: Float64Array): AbstentionOracle {
  const curve = abstentionCurve(ascendingOrder(metric), metric)
  return { area: trapezoidArea(curve), flat: (curve[0] as number) * 0.9 }
}

/** Area under the curve of a metric when queries are dropped in `order`. */
export function abstentionArea(order: Uint32Array, metric: Float64Array): number {
  return trapezoidArea(abstentionCurve(order, metric))
}

/** nAUC from the area under a confidence's curve. */
export function naucOf(area: number, oracle: AbstentionOracle): number {
  return oracle.area === oracle.flat ? Number.NaN : (area - oracle.flat) / (oracle.area - oracle.flat)
}

/** Stable ascending argsort, NaN last, as `numpy.argsort(x, kind="stable")`. [queries] -> [queries] */
export function ascendingOrder(values: Float64Array): Uint32Array {
  const order = Uint32Array.from(values, (_, i) => i)
  return order.sort((a, b) => compareNanLast(values[a] as number, values[b] as number) || a - b)
}

function compareNanLast(x: number, y: number): number {
  if (x < y) return -1
  if (x > y) return 1
  return Number(Number.isNaN(x)) - Number(Number.isNaN(y))
}

function abstentionCurve(order: Uint32Array, metric: Float64Array): Float64Array {
  const sorted = new Float64Array(order.length)
  for (let i = 0; i < order.length; i++) sorted[i] = metric[order[i] as number] as number
  return Float64Array.from(ABSTENTION_RATES, (rate) => {
    const dropped = Math.max(0, Math.min(roundToEvenInteger(rate * sorted.length), sorted.length - 1))
    return numpyMean(sorted, dropped, sorted.length - dropped)
  })
}

function trapezoidArea(curve: Float64Array): number {
  const terms = new Float64Array(curve.length - 1)
  for (let i = 0; i < terms.length; i++) {
    const width = (ABSTENTION_RATES[i + 1] as number) - (ABSTENTION_RATES[i] as number)
    terms[i] = (width * ((curve[i + 1] as number) + (curve[i] as number))) / 2
  }
  return numpySum(terms)
}
