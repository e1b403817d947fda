import { isUtf8 } from 'node:buffer'
import { type FileHandle, open } from 'node:fs/promises'
import type { MistakeList } from './mistake-list.ts'

const BLOCK_BYTES = 1 << 20
/** Below the longest string V8 can hold, with room for JSON's escapes. */
const LONGEST_LINE_BYTES = 256 << 20
const BOM = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * Visits the lines of a UTF-8 file in order, numbered from 1, reading block by block: memory holds one line, not the file.
 * Lines end in LF or CRLF, the last one also without; a byte order mark is skipped; empty lines are skipped but numbered.
 * Lines that are not UTF-8 (`SB-TASK-005`) or longer than 256 MiB, and files that cannot be opened (`SB-TASK-008` when
 * absent, else `SB-FILE-001`) are added to the mistakes and not visited.
 */
export async function readLines(file: string, mistakes: MistakeList, visit: (text: string, line: number) => void): Promise<void> {
  let handle: FileHandle | null = null
  try {
    handle = await open(file, 'r')
    await splitLines(handle, { file, mistakes, visit })
  } catch (thrown) {
    const { code, syscall, message } = thrown as NodeJS.ErrnoException
    if (syscall === undefined) throw thrown
    if (code === 'ENOENT') mistakes.add('SB-TASK-008', { task: mistakes.task, path: file }, { file })
    else mistakes.add('SB-FILE-001', { file, message }, { file })
  } finally {
    await handle?.close()
  }
}

interface LineSink {
  readonly file: string
  readonly mistakes: MistakeList
  readonly visit: (text: string, line: number) => void
}

async function splitLines(handle: FileHandle, sink: LineSink): Promise<void> {
  const block = Buffer.allocUnsafe(BLOCK_BYTES)
  let parts: Buffer[] = []
  let held = 0
  let line = 0
  for (;;) {
    const { bytesRead } = await handle.read(block, 0, BLOCK_BYTES, null)
    let start = 0
    for (let end = indexOfLf(block, 0, bytesRead); end >= 0; end = indexOfLf(block, start, bytesRead)) {
      line += 1
      const rest = block.subarray(start, end)
      emit(held === 0 ? rest : Buffer.concat([...parts, rest]), line, sink)
      parts = []
      held = 0
      start = end + 1
    }
    if (bytesRead === 0) break
    if (start === bytesRead) continue
    parts.push(Buffer.from(block.subarray(start, bytesRead)))
    held += bytesRead - start
    if (held <= LONGEST_LINE_BYTES) continue
    sink.mistakes.add('SB-TASK-007', { field: 'a line', wanted: 'at most 256 MiB long' }, { file: sink.file, line: line + 1 })
    return
  }
  if (held > 0) emit(Buffer.concat(parts), line + 1, sink)
}

function indexOfLf(block: Buffer, from: number, to: number): number {
  const at = block.indexOf(0x0a, from)
  return at < to ? at : -1
}

function emit(bytes: Buffer, line: number, { file, mistakes, visit }: LineSink): void {
  const start = line === 1 && bytes.subarray(0, 3).equals(BOM) ? 3 : 0
  const end = bytes[bytes.length - 1] === 0x0d ? bytes.length - 1 : bytes.length
  if (end <= start) return
  const text = bytes.subarray(start, end)
  if (isUtf8(text)) visit(text.toString('utf8'), line)
  else mistakes.add('SB-TASK-005', {}, { file, line })
}
