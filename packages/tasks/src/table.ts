import { extname } from 'node:path'
import type { CellRow, RowPlace } from './cell.ts'
import { readCsvRows } from './csv-rows.ts'
import { readJsonRows } from './json-rows.ts'
import type { MistakeList } from './mistake-list.ts'

export type VisitRow = (row: CellRow, place: RowPlace) => void

/** Rows to be read once or several times, in their order. */
export interface Table {
  /** What a refusal calls it: a file or a folder. */
  readonly name: string
  /** Visits every row that could be read; what could not is added to the mistakes. */
  readonly read: (mistakes: MistakeList, visit: VisitRow) => Promise<void>
}

/** File name endings a table can have, before `.gz` or `.zst`. */
export const TABLE_FORMATS = ['.jsonl', '.ndjson', '.json', '.csv', '.tsv', '.parquet'] as const

const withoutPacking = (file: string) => file.replace(/\.(gz|zst)$/, '')

/** The format of a table file by its name, or null. */
export function tableFormat(file: string): (typeof TABLE_FORMATS)[number] | null {
  const ending = extname(withoutPacking(file))
  return TABLE_FORMATS.find((format) => format === ending) ?? null
}

/** The name of a table file without format and packing: `dev.jsonl.gz` -> `dev`. */
export function tableStem(name: string): string {
  const bare = withoutPacking(name)
  return bare.slice(0, bare.length - extname(bare).length)
}

/** The rows of several files of one table, one after the other. */
export function fileTable(files: readonly string[]): Table {
  return {
    name: files[0] ?? '',
    read: async (mistakes, visit) => {
      for (const file of files) await readTableFile(file, mistakes, visit)
    },
  }
}

async function readTableFile(file: string, mistakes: MistakeList, visit: VisitRow): Promise<void> {
  const format = tableFormat(file)
  if (format === '.csv' || format === '.tsv') return readCsvRows(file, format === '.csv' ? ',' : '\t', { mistakes, visit })
  if (format !== '.parquet') return readJsonRows(file, { mistakes, visit })
  // Parquet is read through a library that other formats do not need.
  const { readParquetRows } = await import('./parquet-rows.ts')
  return readParquetRows(file, { mistakes, visit })
}

/** The same rows with columns renamed; `names` = from -> to. */
export function renamed(table: Table, names: Readonly<Record<string, string>>): Table {
  const rename = (row: CellRow) => Object.fromEntries(Object.entries(row).map(([key, value]) => [names[key] ?? key, value]))
  return { name: table.name, read: (mistakes, visit) => table.read(mistakes, (row, place) => visit(rename(row), place)) }
}

/** Only the rows that fit. */
export function filtered(table: Table, fits: (row: CellRow) => boolean): Table {
  return {
    name: table.name,
    read: (mistakes, visit) => table.read(mistakes, (row, place) => (fits(row) ? visit(row, place) : undefined)),
  }
}

/** Only the first n rows. */
export function firstRows(table: Table, n: number): Table {
  return {
    name: table.name,
    read: (mistakes, visit) => {
      let seen = 0
      return table.read(mistakes, (row, place) => {
        seen += 1
        if (seen <= n) visit(row, place)
      })
    },
  }
}

/** All rows with their places, in memory. */
export async function allRows(table: Table, mistakes: MistakeList): Promise<{ row: CellRow; place: RowPlace }[]> {
  const rows: { row: CellRow; place: RowPlace }[] = []
  await table.read(mistakes, (row, place) => rows.push({ row, place }))
  return rows
}
