import { isUtf8 } from 'node:buffer'
import { fileBlocks } from './file-blocks.ts'
import { noteUnreadable } from './line-reader.ts'
import type { MistakeList } from './mistake-list.ts'

/** A UTF-8 file as one text, unpacked, without its byte order mark; null when it cannot be read, which the mistakes then say. */
export async function readWholeText(file: string, mistakes: MistakeList): Promise<string | null> {
  try {
    const blocks: Buffer[] = []
    for await (const block of fileBlocks(file)) blocks.push(Buffer.from(block))
    const bytes = Buffer.concat(blocks)
    if (isUtf8(bytes)) return bytes.toString('utf8').replace(/^\ufeff/, '')
    mistakes.add('SB-TASK-005', {}, { file })
  } catch (thrown) {
    noteUnreadable(thrown, file, mistakes)
  }
  return null
}
