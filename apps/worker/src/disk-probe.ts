import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { isDiskFull, removeFile } from './durable-file.ts'

/** Bytes that must fit before work is taken again: more than one outbox entry and a small chunk. */
const PROBE_BYTES = 4 * 2 ** 20

/** Whether the folder's disk takes something again: writes a file and removes it. */
export async function hasRoom(folder: string): Promise<boolean> {
  const path = join(folder, 'room.tmp')
  try {
    const file = await open(path, 'w')
    try {
      await file.writeFile(new Uint8Array(PROBE_BYTES))
      await file.sync()
    } finally {
      await file.close()
    }
    return true
  } catch (error) {
    if (isDiskFull(error)) return false
    throw error
  } finally {
    // Only a read-only disk refuses, and then nothing was written.
    await removeFile(path).catch(() => undefined)
  }
}
