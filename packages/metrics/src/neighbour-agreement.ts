import { spearman } from './correlation.ts'
import { kendall } from './kendall.ts'
import { cosineFrom, type Rows, rowNorms } from './vector-agreement.ts'

/** Whether two encodings put the same neighbours beside each text. */
export interface NeighbourAgreement {
  /** Means over the texts whose correlation is defined; NaN where none is. */
  readonly spearman: number
  readonly kendall: number
  /** Share of texts with the same nearest neighbour. */
  readonly top1: number
  /** Mean share of common members among the ten nearest (fewer where there are fewer). */
  readonly top10: number
  /** Texts that ranked, and how many each of them ranked. */
  readonly rankingCount: number
  readonly rankedCount: number
}

/** One encoding: what ranks, and what is ranked; `targets` null: each text ranks all others of `texts`. */
export interface Side {
  readonly texts: Rows
  readonly targets: Rows | null
}

const DEEP = 10

/**
 * For each text the cosines of A and of B with all its targets, compared as rankings. Equal cosines rank by index. Needs two
 * targets at least.
 *
 * @param onText called after each text
 * @throws RangeError where the two sides do not fit each other
 */
export function neighbourAgreement(a: Side, b: Side, onText: () => void = () => undefined): NeighbourAgreement {
  const { texts, targets } = a
  if (texts.rowCount !== b.texts.rowCount || targets?.rowCount !== b.targets?.rowCount)
    throw new RangeError('the two encodings are not of the same texts')
  const rankedCount = targets === null ? texts.rowCount - 1 : targets.rowCount
  if (rankedCount < 2) throw new RangeError('a ranking needs two texts at least')
  const [ofA, ofB] = [similarities(a), similarities(b)]
  const sums = { spearman: new Mean(), kendall: new Mean(), top1: new Mean(), top10: new Mean() }
  for (let row = 0; row < texts.rowCount; row++) {
    const [x, y] = [ofA(row), ofB(row)]
    sums.spearman.add(spearman(x, y))
    sums.kendall.add(kendall(x, y))
    const [nearA, nearB] = [nearest(x), nearest(y)]
    sums.top1.add(nearA[0] === nearB[0] ? 1 : 0)
    sums.top10.add(nearA.filter((index) => nearB.includes(index)).length / nearA.length)
    onText()
  }
  return {
    spearman: sums.spearman.value,
    kendall: sums.kendall.value,
    top1: sums.top1.value,
    top10: sums.top10.value,
    rankingCount: texts.rowCount,
    rankedCount,
  }
}

/** row -> cosines with its targets, `[rankedCount]`. */
function similarities({ texts, targets }: Side): (row: number) => Float64Array {
  const other = targets ?? texts
  const norms = rowNorms(texts)
  const otherNorms = targets === null ? norms : rowNorms(targets)
  const { dim } = texts
  return (row) => {
    const found = new Float64Array(other.rowCount - (targets === null ? 1 : 0))
    let to = 0
    for (let target = 0; target < other.rowCount; target++) {
      if (targets === null && target === row) continue
      let product = 0
      for (let j = 0; j < dim; j++)
        product += (texts.values[row * dim + j] as number) * (other.values[target * dim + j] as number)
      found[to++] = cosineFrom(product, norms[row] as number, otherNorms[target] as number)
    }
    return found
  }
}

function nearest(values: Float64Array): number[] {
  const order = Uint32Array.from(values, (_, i) => i)
  order.sort((i, j) => (values[j] as number) - (values[i] as number) || i - j)
  return Array.from(order.subarray(0, DEEP))
}

/** Mean of the values that are defined. */
class Mean {
  #sum = 0
  #count = 0

  add(value: number): void {
    if (Number.isNaN(value)) return
    this.#sum += value
    this.#count += 1
  }

  get value(): number {
    return this.#count === 0 ? Number.NaN : this.#sum / this.#count
  }
}
