import { type CellRow, Cells } from './cell.ts'
import { stratifiedCut } from './stratified-cut.ts'
import { allRows, renamed, type Table } from './table.ts'

const NATURAL_LANGUAGE_INFERENCE = { premise: 'sentence1', hypothesis: 'sentence2' }
const SHORT_NAMES = { sent1: 'sentence1', sent2: 'sentence2' }
/** Rows of a split that are evaluated where mteb cuts it (`stratified_subsampling`); smaller splits stay whole. */
const CUT_ROWS = 2048

/**
 * XNLI: a stratified cut of the split, then entailment (0) as positive and contradiction (2) as negative, neutral dropped
 * (mteb/tasks/pair_classification/multilingual/xnli.py).
 */
function xnli(table: Table): Table {
  const label = (row: CellRow) => String(row.label)
  return {
    name: table.name,
    read: async (mistakes, visit) => {
      const rows = await allRows(renamed(table, NATURAL_LANGUAGE_INFERENCE), mistakes)
      const before = mistakes.count
      for (const { row, place } of rows) new Cells(row, place, mistakes).number('label')
      if (mistakes.count > before) return
      const kept =
        rows.length > CUT_ROWS
          ? stratifiedCut(
              rows.map(({ row }) => label(row)),
              CUT_ROWS,
            )
          : rows.keys()
      for (const at of kept) {
        const { row, place } = rows[at] as (typeof rows)[0]
        if (label(row) === '0' || label(row) === '2') visit({ ...row, labels: label(row) === '0' ? 1 : 0 }, place)
      }
    },
  }
}

const shortNames = (table: Table) => renamed(table, SHORT_NAMES)

/** What mteb's `dataset_transform` does to the rows of a pair task (protocol 5.3). */
export const PAIR_HOOKS: Readonly<Record<string, (table: Table) => Table>> = {
  SprintDuplicateQuestions: shortNames,
  TwitterSemEval2015: shortNames,
  TwitterURLCorpus: shortNames,
  Ocnli: shortNames,
  Cmnli: shortNames,
  XNLI: xnli,
}
