import { isUtf8 } from 'node:buffer'
import { fileBlocks, isDamaged } from './file-blocks.ts'
import type { MistakeList } from './mistake-list.ts'

/** Below the longest string V8 can hold, with room for JSON's escapes. */
const LONGEST_LINE_BYTES = 256 << 20
const BOM = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * Visits the lines of a UTF-8 file in order, numbered from 1, reading block by block: memory holds one line, not the file.
 * `.gz` and `.zst` files are unpacked on the way. Lines end in LF or CRLF, the last one also without; a byte order mark is
 * skipped; empty lines are skipped but numbered. Lines that are not UTF-8 (`SB-TASK-005`) or longer than 256 MiB, packed
 * files that are damaged (`SB-TASK-012`), and files that cannot be opened (`SB-TASK-008` when absent, else `SB-FILE-001`)
 * are added to the mistakes and not visited.
 */
export async function readLines(file: string, mistakes: MistakeList, visit: (text: string, line: number) => void): Promise<void> {
  try {
    await splitLines(fileBlocks(file), { file, mistakes, visit })
  } catch (thrown) {
    noteUnreadable(thrown, file, mistakes)
  }
}

/** Adds to the mistakes why a file could not be read; rethrows what has another cause. */
export function noteUnreadable(thrown: unknown, file: string, mistakes: MistakeList): void {
  const { code, syscall, message } = thrown as NodeJS.ErrnoException
  if (isDamaged(thrown)) mistakes.add('SB-TASK-012', { file, message }, { file })
  else if (syscall === undefined) throw thrown
  else if (code === 'ENOENT') mistakes.add('SB-TASK-008', { task: mistakes.task, path: file }, { file })
  else mistakes.add('SB-FILE-001', { file, message }, { file })
}

interface LineSink {
  readonly file: string
  readonly mistakes: MistakeList
  readonly visit: (text: string, line: number) => void
}

async function splitLines(blocks: AsyncIterable<Buffer>, sink: LineSink): Promise<void> {
  let parts: Buffer[] = []
  let held = 0
  let line = 0
  for await (const block of blocks) {
    let start = 0
    for (let end = block.indexOf(0x0a); end >= 0; end = block.indexOf(0x0a, start)) {
      line += 1
      const rest = block.subarray(start, end)
      emit(held === 0 ? rest : Buffer.concat([...parts, rest]), line, sink)
      parts = []
      held = 0
      start = end + 1
    }
    if (start === block.length) continue
    parts.push(Buffer.from(block.subarray(start)))
    held += block.length - start
    if (held <= LONGEST_LINE_BYTES) continue
    sink.mistakes.add('SB-TASK-007', { field: 'a line', wanted: 'at most 256 MiB long' }, { file: sink.file, line: line + 1 })
    return
  }
  if (held > 0) emit(Buffer.concat(parts), line + 1, sink)
}

function emit(bytes: Buffer, line: number, { file, mistakes, visit }: LineSink): void {
  const start = line === 1 && bytes.subarray(0, 3).equals(BOM) ? 3 : 0
  const end = bytes[bytes.length - 1] === 0x0d ? bytes.length - 1 : bytes.length
  if (end <= start) return
  const text = bytes.subarray(start, end)
  if (isUtf8(text)) visit(text.toString('utf8'), line)
  else mistakes.add('SB-TASK-005', {}, { file, line })
}
