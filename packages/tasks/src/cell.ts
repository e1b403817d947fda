import type { MistakeList } from './mistake-list.ts'

/** Where a row stands: its file, and its line (of parquet files, its row) counted from 1. */
export interface RowPlace {
  readonly file: string
  readonly line?: number
}

/** A row of a table: any JSON-like values; integers of parquet files may be bigint. */
export type CellRow = Readonly<Record<string, unknown>>

/** Reads the cells of one row; every mistake is noted with the row's place, and the row is then to be left out. */
export class Cells {
  readonly #row: CellRow
  readonly #place: RowPlace
  readonly #mistakes: MistakeList
  readonly #before: number

  constructor(row: CellRow, place: RowPlace, mistakes: MistakeList) {
    this.#row = row
    this.#place = place
    this.#mistakes = mistakes
    this.#before = mistakes.count
  }

  /** Whether no cell read so far was wrong. */
  get isRight(): boolean {
    return this.#mistakes.count === this.#before
  }

  has(field: string): boolean {
    return Object.hasOwn(this.#row, field)
  }

  raw(field: string): unknown {
    return this.has(field) ? this.#row[field] : undefined
  }

  wrong(field: string, wanted: string): void {
    this.#mistakes.add('SB-TASK-007', { field: `"${field}"`, wanted }, this.#place)
  }

  /** A required text: `SB-TASK-007` when absent, null or no string, `SB-TASK-006` when it holds half a surrogate pair. */
  text(field: string): string {
    return this.asText(this.raw(field), field)
  }

  /** An optional text that must not be null. */
  optionalText(field: string): string | undefined {
    return this.has(field) ? this.text(field) : undefined
  }

  /** A value of this field as text, e.g. one item of a list. */
  asText(value: unknown, field: string): string {
    if (typeof value !== 'string') this.wrong(field, `a string (${describe(value)})`)
    else if (!value.isWellFormed()) this.#mistakes.add('SB-TASK-006', { field: `"${field}"` }, this.#place)
    else return value
    return ''
  }

  /** An id that must be a string and not empty. */
  id(field: string): string {
    const id = this.text(field)
    if (id === '' && this.isRight) this.wrong(field, 'not empty')
    return id
  }

  /** An id as MTEB casts it to a string: integers are taken too. */
  castId(field: string): string {
    const value = this.raw(field)
    if (typeof value === 'bigint' || Number.isInteger(value)) return String(value)
    return this.text(field)
  }

  /** A finite number; numbers in strings (CSV has no others) are taken. */
  number(field: string): number {
    return this.asNumber(this.raw(field), field)
  }

  asNumber(value: unknown, field: string): number {
    const number = toNumber(value)
    if (number === null) this.wrong(field, `a number (${describe(value)})`)
    return number ?? 0
  }

  /** A list of texts. */
  texts(field: string): string[] {
    return this.list(field).map((item) => this.asText(item, field))
  }

  /** A list of ids, cast as `castId` does. */
  castIds(field: string): string[] {
    return this.list(field).map((item) =>
      typeof item === 'bigint' || Number.isInteger(item) ? String(item) : this.asText(item, field),
    )
  }

  list(field: string): readonly unknown[] {
    const value = this.raw(field)
    if (Array.isArray(value)) return value
    this.wrong(field, `a list (${describe(value)})`)
    return []
  }
}

const NUMERAL = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/

function toNumber(value: unknown): number | null {
  if (typeof value === 'boolean') return value ? 1 : 0
  const number =
    typeof value === 'bigint' || (typeof value === 'string' && NUMERAL.test(value)) ? Number(value) : (value as number)
  // Adding zero turns -0, which is no integer to JSON's readers, into 0.
  return typeof number === 'number' && Number.isFinite(number) ? number + 0 : null
}

function describe(value: unknown): string {
  if (value === undefined) return 'it is missing'
  if (value === null) return 'it is null'
  if (Array.isArray(value)) return 'it is an array'
  return typeof value === 'object' ? 'it is an object' : `it is a ${typeof value}`
}
