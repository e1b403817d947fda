import { configKey, isDefaultConfig, recipeName, tellApart } from '@sweepboard/contracts'
import type { LedgerReader, ModelCell, PublishedEntry } from '@sweepboard/ledger'
import { type LeaderboardRow, vectorLength } from './leaderboard.ts'
import { otherSimilarity, systemParts, withParts } from './system-name.ts'

type RowHead = Pick<
  LeaderboardRow,
  'model' | 'revision' | 'variant' | 'config' | 'fullDimensions' | 'isDefault' | 'otherSimilarity' | 'origin' | 'recipe'
>

/** A row of the board with the scores it is made of. */
export interface BoardRow extends RowHead {
  /** What it is called by, no two rows alike: `BAAI/bge-m3 [256 dims, int8]`, `org/name@4e42393 [published]`. */
  readonly name: string
  /** What stands in the brackets. */
  readonly parts: readonly string[]
  /** Ours; of data that the board does not show as well, where they were asked for. */
  readonly cells: readonly ModelCell[]
  /** Of several imports of one (task, subset, split) the last. */
  readonly published: readonly PublishedEntry[]
}

type Draft = Omit<BoardRow, 'name' | 'cells' | 'published'> & {
  readonly cells: ModelCell[]
  readonly published: PublishedEntry[]
}

/** The rows that these models have on the board, ours first; `task` null asks for their scores of every task. */
export function readRows(
  reader: Pick<LedgerReader, 'modelCells' | 'publishedOf'>,
  models: readonly string[],
  { task = null, isShown = true }: { readonly task?: string | null; readonly isShown?: boolean } = {},
): BoardRow[] {
  const drafts = new Map<string, Draft>()
  for (const cell of reader.modelCells(models, task)) {
    if (isShown && !cell.isShown) continue
    const key = `${cell.recipeKey} ${cell.configKey} ${cell.variant}`
    const draft = drafts.get(key) ?? draftOurs(cell)
    drafts.set(key, draft)
    draft.cells.push(cell)
  }
  for (const entry of reader.publishedOf(models, task)) {
    const key = JSON.stringify([entry.model, entry.revision])
    const draft = drafts.get(key) ?? draftPublished(entry)
    drafts.set(key, draft)
    draft.published.push(entry)
  }
  const rows = [...drafts.values()].map((draft) => ({ ...draft, published: lastOfEach(draft.published) }))
  const marks = tellApart(rows)
  return rows.map((row, i) => ({ name: withParts(row.model + marks[i], row.parts), ...row }))
}

function draftOurs(cell: ModelCell): Draft {
  const { model, revision, variant, config, recipe } = cell
  const isDefault = variant === '' && isDefaultConfig(config, recipe.similarity)
  const head = { model, revision, variant, config, fullDimensions: vectorLength(recipe), isDefault, origin: 'ours' } as const
  return { ...head, ...otherSimilarity(cell), recipe: recipeName(cell), parts: systemParts(cell), cells: [], published: [] }
}

function draftPublished({ model, revision }: PublishedEntry): Draft {
  const head = { model, revision, variant: '', config: null, fullDimensions: null, isDefault: true, origin: 'published' } as const
  return { ...head, recipe: null, parts: ['published'], cells: [], published: [] }
}

function lastOfEach(entries: readonly PublishedEntry[]): PublishedEntry[] {
  const last = new Map(entries.map((entry) => [JSON.stringify([entry.task, entry.subset, entry.split]), entry]))
  return [...last.values()]
}

/** Whether two rows are one. */
export function isSameRow(a: BoardRow, b: BoardRow): boolean {
  const keyOf = ({ model, revision, config, origin, recipe }: BoardRow) =>
    JSON.stringify([model, revision, config && configKey(config), origin, recipe])
  return keyOf(a) === keyOf(b)
}
