import { readLines } from './line-reader.ts'
import type { MistakeList } from './mistake-list.ts'

/** Fields of a row, all strings; a missing optional field is left out. */
export type JsonRow = Readonly<Record<string, string | undefined>>

export interface RowShape {
  readonly required: readonly string[]
  readonly optional: readonly string[]
}

/**
 * Visits the rows of a JSON Lines file whose fields are strings. Other fields of a row are ignored. Not visited but added
 * to the mistakes: malformed JSON, among it bare NaN (`SB-TASK-002`); a missing field, one that is no string, a null one,
 * an empty `_id` (`SB-TASK-007`); half a surrogate pair, which JSON can spell but UTF-8 cannot (`SB-TASK-006`);
 * an `_id` seen before (`SB-TASK-003`).
 */
export async function readJsonRows(
  file: string,
  shape: RowShape,
  sink: { mistakes: MistakeList; visit: (row: JsonRow) => void },
) {
  const firstLines = new Map<string, number>()
  const { mistakes, visit } = sink
  await readLines(file, mistakes, (text, line) => {
    const row = readRow(text, shape, { file, line, mistakes })
    if (row === null) return
    const id = row._id as string
    const first = firstLines.get(id)
    if (first !== undefined) return mistakes.add('SB-TASK-003', { id, first }, { file, line })
    firstLines.set(id, line)
    visit(row)
  })
}

interface RowPlace {
  readonly file: string
  readonly line: number
  readonly mistakes: MistakeList
}

function readRow(text: string, shape: RowShape, { file, line, mistakes }: RowPlace): JsonRow | null {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    mistakes.add('SB-TASK-002', { message: (cause as SyntaxError).message }, { file, line })
    return null
  }
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) {
    mistakes.add('SB-TASK-002', { message: 'the line is no JSON object' }, { file, line })
    return null
  }
  const before = mistakes.count
  const row: Record<string, string> = {}
  const take = (field: string, isRequired: boolean) => {
    const value = Object.hasOwn(parsed, field) ? (parsed as Record<string, unknown>)[field] : undefined
    if (value === undefined && !isRequired) return
    if (typeof value !== 'string') {
      const found = value === undefined ? 'it is missing' : value === null ? 'it is null' : `it is ${typeName(value)}`
      mistakes.add('SB-TASK-007', { field: `"${field}"`, wanted: `a string (${found})` }, { file, line })
    } else if (!value.isWellFormed()) mistakes.add('SB-TASK-006', { field: `"${field}"` }, { file, line })
    else if (field === '_id' && value === '') mistakes.add('SB-TASK-007', { field: '"_id"', wanted: 'not empty' }, { file, line })
    else row[field] = value
  }
  for (const field of shape.required) take(field, true)
  for (const field of shape.optional) take(field, false)
  return mistakes.count === before ? row : null
}

const typeName = (value: unknown) =>
  Array.isArray(value) ? 'an array' : typeof value === 'object' ? 'an object' : `a ${typeof value}`
