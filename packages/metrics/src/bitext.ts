import { MetricInputError } from './metric-input-error.ts'
import { numpySum } from './numpy-sum.ts'
import { type RoundedScores, roundedScores } from './rounded-scores.ts'

export interface BitextInput {
  /** [sentences] index of the true translation of each sentence. */
  readonly gold: readonly number[]
  /** [sentences] index of the sentence found nearest. */
  readonly predicted: readonly number[]
}

/**
 * The keys of a BitextMining entry: precision, recall and f1 of every index as a class, weighted by how often it is gold
 * (classes never gold weigh nothing; an empty denominator gives 0), and accuracy. `null` everywhere without a sentence.
 *
 * @throws MetricInputError when lengths differ
 * @see MTEB `mteb/abstasks/text/bitext_mining.py`; scikit-learn `precision_recall_fscore_support(average="weighted")`; protocol 4.3
 */
export function scoreBitext({ gold, predicted }: BitextInput): RoundedScores {
  if (gold.length !== predicted.length) {
    const message = `${gold.length} gold indices but ${predicted.length} predictions`
    throw new MetricInputError([{ queryId: null, message }])
  }
  const support = counts(gold)
  const found = counts(predicted)
  const right = counts(gold.filter((index, i) => index === predicted[i]))
  // the union in ascending order, as scikit-learn sorts its labels: it is also the order of addition
  const labels = [...new Set([...gold, ...predicted])].sort((a, b) => a - b)
  const of = (map: ReadonlyMap<number, number>, label: number) => map.get(label) ?? 0
  const weighted = (value: (label: number) => number) =>
    numpySum(Float64Array.from(labels, (label) => value(label) * of(support, label))) / gold.length
  return roundedScores({
    precision: weighted((label) => share(of(right, label), of(found, label))),
    recall: weighted((label) => share(of(right, label), of(support, label))),
    f1: weighted((label) => share(2 * of(right, label), of(support, label) + of(found, label))),
    accuracy: gold.filter((index, i) => index === predicted[i]).length / gold.length,
  })
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}

function counts(indices: readonly number[]): Map<number, number> {
  const counted = new Map<number, number>()
  for (const index of indices) counted.set(index, (counted.get(index) ?? 0) + 1)
  return counted
}
