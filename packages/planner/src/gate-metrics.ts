import { type Mistake, mistake } from '@sweepboard/contracts'
import { closest } from '@sweepboard/tasks'

const CUTOFFS = [1, 3, 5, 10, 20, 100, 1000]
const FAMILIES = ['ndcg', 'map', 'recall', 'precision', 'mrr', 'hit_rate']
const CONFIDENCES = ['max', 'std', 'diff1']
const KINDS = ['similarity', 'cosine', 'dot', 'euclidean', 'manhattan']
const PAIR_METRICS = ['accuracy', 'f1', 'precision', 'recall', 'ap']

const RANKED = FAMILIES.flatMap((family) => CUTOFFS.map((k) => `${family}_at_${k}`))
  .flatMap((metric) => [metric, ...CONFIDENCES.map((confidence) => `nauc_${metric}_${confidence}`)])
  .concat('accuracy')

/** Every metric that a cell of any task type can have, as MTEB spells them. */
export const METRICS: readonly string[] = [
  ...RANKED,
  // Main scores of tasks whose queries come in groups.
  ...RANKED.map((metric) => `max_over_subqueries_${metric}`),
  ...['paired_accuracy', 'robustness_at_10'],
  'p-MRR',
  ...['og', 'changed'].flatMap((half) => RANKED.map((metric) => `${half}.${metric}`)),
  // Reranking in its first form.
  ...['map', 'mrr'].flatMap((metric) => [metric, ...CONFIDENCES.map((confidence) => `nAUC_${metric}_${confidence}`)]),
  // Similarity of sentences.
  ...['pearson', 'spearman'].flatMap((metric) => [metric, ...KINDS.slice(1).map((kind) => `${kind}_${metric}`)]),
  // Pairs: each kind of similarity, and the best of them.
  ...[...KINDS, 'max'].flatMap((kind) => PAIR_METRICS.map((metric) => `${kind}_${metric}`)),
  ...KINDS.flatMap((kind) => [`${kind}_accuracy_threshold`, `${kind}_f1_threshold`]),
  // Translations.
  ...['f1', 'precision', 'recall'],
]
const KNOWN = new Set(METRICS)

/** Gates of a sweep file that name a metric which no cell can have, each with its line. */
export function unknownGateMetrics(
  raw: unknown,
  place: { readonly file: string; readonly keyLine: (path: readonly PropertyKey[], key: string) => number },
): Mistake[] {
  const gates = raw !== null && typeof raw === 'object' ? (raw as Record<string, unknown>).gates : undefined
  if (!Array.isArray(gates)) return []
  return gates.flatMap((gate: unknown, i) => {
    if (gate === null || typeof gate !== 'object') return []
    const unknown = Object.keys(gate).filter((key) => !['model', 'task', 'published'].includes(key) && !KNOWN.has(key))
    return unknown.map((key) => {
      const near = closest(key, METRICS)
      const message = `there is no such metric${near === null ? '' : `, did you mean "${near}"?`}`
      return mistake('SB-SPEC-009', { gate: key, message }, { file: place.file, line: place.keyLine(['gates', i], key) })
    })
  })
}
