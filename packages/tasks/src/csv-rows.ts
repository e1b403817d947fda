import type { RowSink } from './json-rows.ts'
import { readWholeText } from './whole-text.ts'

/**
 * Visits the rows of a CSV or TSV file (RFC 4180): the first record names the columns, `"` quotes a field that holds the
 * separator, line ends or doubled quotes. All cells are strings. A record with another number of fields is added to the
 * mistakes (`SB-TASK-007`), as is a quote that is never closed. Lines are those a record starts on.
 */
export async function readCsvRows(file: string, separator: ',' | '\t', { mistakes, visit }: RowSink): Promise<void> {
  const text = await readWholeText(file, mistakes)
  if (text === null) return
  let header: readonly string[] | null = null
  for (const { fields, line, isOpen } of records(text, separator)) {
    const place = { file, line }
    if (isOpen) return mistakes.add('SB-TASK-007', { field: 'a quoted field', wanted: 'closed by a quote' }, place)
    if (fields.length === 1 && fields[0] === '') continue
    if (header === null) header = fields
    else if (fields.length !== header.length)
      mistakes.add('SB-TASK-007', { field: 'a record', wanted: `${header.length} fields (it has ${fields.length})` }, place)
    else visit(Object.fromEntries(header.map((name, i) => [name, fields[i]])), place)
  }
}

interface CsvRecord {
  readonly fields: string[]
  readonly line: number
  readonly isOpen: boolean
}

function* records(text: string, separator: string): Generator<CsvRecord> {
  let at = 0
  let line = 1
  while (at < text.length) {
    const started = line
    const fields: string[] = []
    let isEnd = false
    while (!isEnd) {
      const field = text[at] === '"' ? quoted(text, at, separator) : bare(text, at, separator)
      if (field === null) return yield { fields, line: started, isOpen: true }
      fields.push(field.value)
      line += field.breaks
      at = field.end
      isEnd = text[at] !== separator
      if (!isEnd) at += 1
    }
    if (text[at] === '\r') at += 1
    if (text[at] === '\n') at += 1
    line += 1
    yield { fields, line: started, isOpen: false }
  }
}

interface CsvField {
  readonly value: string
  readonly end: number
  /** Line ends inside the field. */
  readonly breaks: number
}

function bare(text: string, start: number, separator: string): CsvField {
  let end = start
  while (end < text.length && text[end] !== separator && text[end] !== '\n' && !(text[end] === '\r' && text[end + 1] === '\n'))
    end += 1
  return { value: text.slice(start, end), end, breaks: 0 }
}

/** Null when the quote is not closed. What follows the closing quote belongs to the field, as Python's reader has it. */
function quoted(text: string, start: number, separator: string): CsvField | null {
  let value = ''
  let from = start + 1
  for (;;) {
    const close = text.indexOf('"', from)
    if (close < 0) return null
    value += text.slice(from, close)
    if (text[close + 1] !== '"') {
      const rest = bare(text, close + 1, separator)
      return { value: value + rest.value, end: rest.end, breaks: value.split('\n').length - 1 }
    }
    value += '"'
    from = close + 2
  }
}
