import type { KindBoard, KindBoardRow } from '@sweepboard/results'
import { fixed, modelParts, visible } from './format.ts'
import { join, type Sentence, say } from './sentence.ts'

/** Queries of one kind, or all of a row. */
export type KindRates = KindBoardRow['all']

/** A row's queries of a kind; of all where `kind` is null, and null where it has none. */
export function ratesOf(row: KindBoardRow, kind: string | null): KindRates | null {
  return kind === null ? row.all : (row.kinds.find((one) => one.kind === kind) ?? null)
}

/** Kinds in order of first appearance, over all rows. */
export function kindsOf(board: KindBoard): string[] {
  return [...new Set(board.rows.flatMap((row) => row.kinds.map(({ kind }) => kind)))]
}

export function kindName(kind: string | null): string {
  return kind === null ? 'all' : visible(kind) || '(none)'
}

/** What tells a row from others of its model; empty for a model's own recipe at full size on whole data. */
export function detailsOf({ config, otherSimilarity, subset, split, limit }: KindBoardRow): string {
  const parts = [
    config.dimensions === null ? '' : `${config.dimensions} dims`,
    config.precision === 'float32' ? '' : config.precision,
    otherSimilarity ?? '',
    subset === 'default' ? '' : visible(subset),
    split === 'test' ? '' : visible(split),
    limit === null ? '' : `first ${limit} queries`,
  ]
  return parts.filter(Boolean).join(' · ')
}

/** Who is best over all queries at a cut-off (place `at` of the board's), how sure that is, and which kind is hardest for it. */
export function kindSentence(board: KindBoard, at: number): Sentence {
  const [best] = [...board.rows].sort((a, b) => (b.all.rates[at]?.rate ?? 0) - (a.all.rates[at]?.rate ?? 0))
  const rate = best?.all.rates[at]
  if (!best || !rate) return say`Nothing is scored yet.`
  const name = visible(modelParts(best.model).name || best.model)
  const details = [visible(best.variant), detailsOf(best)].filter(Boolean).join(', ')
  const percent = (share: number) => `${fixed(100 * share, 0)} %`
  const said = [
    say(
      [
        '',
        `${details && ` (${details})`} finds a right document among the first `,
        ' for ',
        ` of ${best.all.queryCount} queries (${percent(board.confidence)} interval `,
        ' to ',
        ').',
      ],
      name,
      String(board.cutoffs[at]),
      percent(rate.rate),
      percent(rate.low),
      percent(rate.high),
    ),
  ]
  const hardest = [...best.kinds].sort((a, b) => (a.rates[at]?.rate ?? 0) - (b.rates[at]?.rate ?? 0))[0]
  if (hardest && best.kinds.length > 1)
    said.push(say(['Hardest kind: ', ', ', '.'], kindName(hardest.kind), percent(hardest.rates[at]?.rate ?? 0)))
  return join(said)
}
