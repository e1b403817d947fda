import { Cells } from './cell.ts'
import type { MistakeList } from './mistake-list.ts'
import { refuseEmpty } from './pair-rows.ts'
import { allRows, type Table } from './table.ts'
import type { BitextData } from './task-data.ts'

/**
 * Sentences of two columns; row i of one is the translation of row i of the other. A table of one row with a `gold` list
 * is BUCC's form: pairs of 1-based places in the row's two lists. Only first sentences named in gold are kept, in gold's
 * order; all second sentences are (mteb/tasks/bitext_mining/multilingual/bucc_bitext_mining.py).
 */
export async function readBitext(table: Table, columns: readonly [string, string], mistakes: MistakeList): Promise<BitextData> {
  const rows = await allRows(table, mistakes)
  const only = rows[0]
  if (rows.length === 1 && only && Object.hasOwn(only.row, 'gold')) return readGold(new Cells(only.row, only.place, mistakes))
  const first: string[] = []
  const second: string[] = []
  for (const { row, place } of rows) {
    const cells = new Cells(row, place, mistakes)
    first.push(cells.text(columns[0]))
    second.push(cells.text(columns[1]))
  }
  refuseEmpty(first, table, mistakes)
  return { first, second, gold: first.map((_, i) => i) }
}

function readGold(cells: Cells): BitextData {
  const first = cells.texts('sentence1')
  const second = cells.texts('sentence2')
  const kept: string[] = []
  const gold: number[] = []
  for (const pair of cells.list('gold')) {
    const [i, j] = (Array.isArray(pair) ? pair : []).map((place) => cells.asNumber(place, 'gold') - 1)
    const sentence = first[i ?? -1]
    if (sentence === undefined || second[j ?? -1] === undefined) cells.wrong('gold', 'pairs of places in the two lists, from 1')
    else {
      kept.push(sentence)
      gold.push(j as number)
    }
  }
  return { first: kept, second, gold }
}
