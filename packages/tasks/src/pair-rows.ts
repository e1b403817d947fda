import { Cells } from './cell.ts'
import type { MistakeList } from './mistake-list.ts'
import { allRows, type Table } from './table.ts'
import type { TextPair } from './task-data.ts'

/** Rows `{sentence1, sentence2, score}` of an STS task, untouched, in their order. */
export async function readScoredPairs(table: Table, mistakes: MistakeList): Promise<TextPair[]> {
  const pairs: TextPair[] = []
  await table.read(mistakes, (row, place) => {
    const cells = new Cells(row, place, mistakes)
    const pair = { first: cells.text('sentence1'), second: cells.text('sentence2'), value: cells.number('score') }
    if (cells.isRight) pairs.push(pair)
  })
  refuseEmpty(pairs, table, mistakes)
  return pairs
}

/**
 * Rows `{sentence1, sentence2, labels}` of a pair classification task, labels 0 or 1. A table of exactly one row whose
 * cells are lists is expanded, as MTEB does.
 */
export async function readLabelledPairs(table: Table, mistakes: MistakeList): Promise<TextPair[]> {
  const pairs: TextPair[] = []
  const rows = await allRows(table, mistakes)
  for (const { row, place } of rows) {
    const cells = new Cells(row, place, mistakes)
    const isExpanded = rows.length === 1 && Array.isArray(row.labels)
    const first = isExpanded ? cells.texts('sentence1') : [cells.text('sentence1')]
    const second = isExpanded ? cells.texts('sentence2') : [cells.text('sentence2')]
    const labels = (isExpanded ? cells.list('labels') : [cells.raw('labels')]).map((label) => cells.asNumber(label, 'labels'))
    if (first.length !== labels.length || second.length !== labels.length) cells.wrong('labels', 'as many as sentences')
    if (labels.some((label) => label !== 0 && label !== 1)) cells.wrong('labels', '0 or 1')
    if (!cells.isRight) continue
    for (const [i, value] of labels.entries()) pairs.push({ first: first[i] as string, second: second[i] as string, value })
  }
  refuseEmpty(pairs, table, mistakes)
  return pairs
}

export function refuseEmpty(items: readonly unknown[], table: Table, mistakes: MistakeList): void {
  if (items.length === 0 && mistakes.count === 0) mistakes.add('SB-TASK-004', { side: 'the data' }, { file: table.name })
}
