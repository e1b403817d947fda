import { type CellRow, Cells } from './cell.ts'
import { fileBlocks } from './file-blocks.ts'
import { noteUnreadable, readLines } from './line-reader.ts'
import type { MistakeList } from './mistake-list.ts'
import type { VisitRow } from './table.ts'
import { readWholeText } from './whole-text.ts'

export interface RowSink {
  readonly mistakes: MistakeList
  readonly visit: VisitRow
}

/**
 * Visits the rows of a JSON Lines file, or of a `.json` file that holds one array of objects. Not visited but added to the
 * mistakes: malformed JSON, among it bare NaN, and what is no object (`SB-TASK-002`); other faults as `readLines` says.
 */
export async function readJsonRows(file: string, sink: RowSink): Promise<void> {
  if (/\.json(\.gz|\.zst)?$/.test(file) && (await startsWithBracket(file, sink.mistakes))) return readArray(file, sink)
  await readLines(file, sink.mistakes, (text, line) => {
    const row = parse(text, { file, line }, sink.mistakes)
    if (row !== undefined) visitObject(row, { file, line }, sink)
  })
}

async function startsWithBracket(file: string, mistakes: MistakeList): Promise<boolean> {
  try {
    for await (const block of fileBlocks(file)) {
      const start = block
        .toString('utf8')
        .replace(/^\ufeff/, '')
        .trimStart()
      if (start !== '') return start.startsWith('[')
    }
  } catch (thrown) {
    noteUnreadable(thrown, file, mistakes)
  }
  return false
}

async function readArray(file: string, sink: RowSink): Promise<void> {
  const text = await readWholeText(file, sink.mistakes)
  const rows = text === null ? null : parse(text, { file }, sink.mistakes)
  if (!Array.isArray(rows)) return
  for (const [i, row] of rows.entries()) visitObject(row, { file, line: i + 1 }, sink)
}

function parse(text: string, place: { file: string; line?: number }, mistakes: MistakeList): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    mistakes.add('SB-TASK-002', { message: (cause as SyntaxError).message }, place)
    return undefined
  }
}

function visitObject(row: unknown, place: { file: string; line: number }, { mistakes, visit }: RowSink): void {
  if (row !== null && typeof row === 'object' && !Array.isArray(row)) visit(row as CellRow, place)
  else mistakes.add('SB-TASK-002', { message: 'the line is no JSON object' }, place)
}

/** Reads the rows of a file whose `_id`s must be strings of their own: `SB-TASK-003` for one seen before. */
export async function readIdentifiedRows(
  file: string,
  mistakes: MistakeList,
  visit: (id: string, cells: Cells, row: CellRow) => boolean,
): Promise<void> {
  const firstLines = new Map<string, number>()
  await readJsonRows(file, {
    mistakes,
    visit: (row, place) => {
      const cells = new Cells(row, place, mistakes)
      const id = cells.id('_id')
      if (!visit(id, cells, row)) return
      const first = firstLines.get(id)
      if (first !== undefined) mistakes.add('SB-TASK-003', { id, first }, place)
      else firstLines.set(id, place.line as number)
    },
  })
}
