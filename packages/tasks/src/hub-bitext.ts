import type { TaskRef } from '@sweepboard/contracts'
import type { HubRepo } from './hub-repo.ts'
import { firstRows, renamed, type Table } from './table.ts'

/** Column names of a parallel subset: `A-B` -> A, B. */
export function pairColumns(subset: string): readonly [string, string] {
  const [first = '', second = ''] = subset.split('-')
  return [first, second]
}

/** Columns by language alone: those of the first Flores release are called `sentence_<language>`. */
export function columnOf(table: Table): Table {
  const bare = (row: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name.replace(/^sentence_/, ''), value]))
  return { name: table.name, read: (mistakes, visit) => table.read(mistakes, (row, place) => visit(bare(row), place)) }
}

/** Rows of BibleNLP that are evaluated. */
const BIBLE_ROWS = 256

interface PairTable {
  readonly table: Table
  readonly columns: readonly [string, string]
}

/** Loaders of bitext tasks that are neither parallel nor stored by subset. */
export const PARALLEL_HOOKS: Readonly<Record<string, (repo: HubRepo, ref: TaskRef) => PairTable>> = {
  /**
   * Config `eng-xxx` for both directions, columns by language without script, the first 256 rows
   * (mteb/tasks/bitext_mining/multilingual/bible_nlp_bitext_mining.py).
   */
  BibleNLPBitextMining: (repo, { subset, split }) => {
    const [first, second] = pairColumns(subset).map((name) => name.split('_')[0] as string) as [string, string]
    const config = second === 'eng' ? `${second}-${first}` : `${first}-${second}`
    const table = renamed(repo.table(config, split), { [first]: 'sentence1', [second]: 'sentence2' })
    return { table: firstRows(table, BIBLE_ROWS), columns: ['sentence1', 'sentence2'] }
  },
}
