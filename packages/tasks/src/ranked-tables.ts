import { Cells } from './cell.ts'
import { readQueryText } from './conversation.ts'
import { documentText } from './document-text.ts'
import type { MistakeList } from './mistake-list.ts'
import type { Qrels } from './qrels-file.ts'
import { joinRanked, type RankedData, type ReadQuery, type TaskDocument } from './ranked-data.ts'
import type { Table } from './table.ts'

/** The tables of a retrieval-style repository (protocol 5.1); null = it has no such config. */
export interface RankedTables {
  readonly corpus: Table
  readonly queries: Table
  readonly qrels: Table
  readonly topRanked: Table | null
  readonly instruction: Table | null
  readonly qrelDiff: Table | null
}

const INT32_MIN = -(2 ** 31)
const INT32_MAX = 2 ** 31 - 1

/**
 * Reads a task that ranks documents from tables, as MTEB's loader does: ids cast to strings, grades to int32, of an id
 * that comes twice the last row holds.
 */
export async function readRankedTables(tables: RankedTables, mistakes: MistakeList): Promise<RankedData> {
  const documents = await readDocuments(tables.corpus, mistakes)
  const qrels = await readQrelRows(tables.qrels, mistakes)
  const queries = await readQueries(tables.queries, mistakes)
  return joinRanked(
    {
      documents,
      qrels,
      queries,
      topRanked: tables.topRanked && (await readIdLists(tables.topRanked, mistakes)),
      instructions: tables.instruction && (await readInstructions(tables.instruction, mistakes)),
      changed: tables.qrelDiff && (await readIdLists(tables.qrelDiff, mistakes)),
      names: { corpus: tables.corpus.name, queries: tables.queries.name, qrels: tables.qrels.name },
    },
    mistakes,
  )
}

const idOf = (cells: Cells) => cells.castId(cells.has('_id') ? '_id' : 'id')

async function readDocuments(table: Table, mistakes: MistakeList): Promise<TaskDocument[]> {
  const documents = new Map<string, TaskDocument>()
  await table.read(mistakes, (row, place) => {
    const cells = new Cells(row, place, mistakes)
    const id = idOf(cells)
    const text = documentText(cells.optionalText('title'), cells.text('text'))
    if (cells.isRight) documents.set(id, { id, text })
  })
  return [...documents.values()]
}

async function readQueries(table: Table, mistakes: MistakeList): Promise<ReadQuery[]> {
  const queries = new Map<string, ReadQuery>()
  await table.read(mistakes, (row, place) => {
    const cells = new Cells(row, place, mistakes)
    const id = idOf(cells)
    const text = readQueryText(cells, 'text')
    if (cells.isRight) queries.set(id, { id, text, kind: null })
  })
  return [...queries.values()]
}

async function readQrelRows(table: Table, mistakes: MistakeList): Promise<Qrels> {
  const qrels = new Map<string, Map<string, number>>()
  await table.read(mistakes, (row, place) => {
    const cells = new Cells(row, place, mistakes)
    const query = cells.castId('query-id')
    const document = cells.castId('corpus-id')
    const grade = cells.number('score')
    if (!Number.isInteger(grade) || grade < INT32_MIN || grade > INT32_MAX) cells.wrong('score', 'an integer')
    if (!cells.isRight) return
    const grades = qrels.get(query)
    if (grades) grades.set(document, grade)
    else qrels.set(query, new Map([[document, grade]]))
  })
  return qrels
}

/** Rows `{query-id, corpus-ids}`: candidates, or changed documents. */
export async function readIdLists(table: Table, mistakes: MistakeList): Promise<Map<string, readonly string[]>> {
  const lists = new Map<string, readonly string[]>()
  await table.read(mistakes, (row, place) => {
    const cells = new Cells(row, place, mistakes)
    const query = cells.castId('query-id')
    const ids = cells.castIds('corpus-ids')
    if (cells.isRight) lists.set(query, ids)
  })
  return lists
}

/** Rows `{query-id, instruction}`. */
export async function readInstructions(table: Table, mistakes: MistakeList): Promise<Map<string, string>> {
  const instructions = new Map<string, string>()
  await table.read(mistakes, (row, place) => {
    const cells = new Cells(row, place, mistakes)
    const query = cells.castId('query-id')
    const instruction = cells.text('instruction')
    if (cells.isRight) instructions.set(query, instruction)
  })
  return instructions
}
