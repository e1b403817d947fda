import { open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

let asides = 0

/**
 * Writes a small file so that after a crash at any instant the path holds the old text or the new one, whole: written
 * aside, flushed, renamed, and the folder flushed so that the name survives too.
 */
export async function writeDurably(path: string, text: string, mode = 0o666): Promise<void> {
  asides += 1
  const aside = `${path}.${process.pid}.${asides}.tmp`
  try {
    const file = await open(aside, 'w', mode)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(aside, path)
  } catch (error) {
    await unlink(aside).catch(() => undefined)
    throw error
  }
  const folder = await open(dirname(path), 'r')
  await folder.sync().finally(() => folder.close())
}

/** Removes a file; an absent one is no error. */
export async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}

/** What a disk answers that is full, over its quota, or has become read-only (as one does that finds errors on itself). */
const DISK_CODES: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EROFS', 'SB-ART-004', 'SB-ART-006']

/** Whether a failure says that the disk takes nothing more. */
export function isDiskFull(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && DISK_CODES.includes(thrown.code)
}
