import { readFile, stat, unlink, writeFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'

const POLL_MS = 50
/** A lock without an owner's number is one whose maker died between creating and writing it. */
const EMPTY_MS = 10_000

/**
 * Runs `work` while no other process of this machine does so under the same lock file. The file holds the owner's process
 * id; a lock whose owner is gone is taken over.
 */
export async function withFileLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  while (!(await take(file))) await wait(POLL_MS)
  try {
    return await work()
  } finally {
    await unlink(file).catch(() => undefined)
  }
}

async function take(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: 'wx' })
    return true
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown
  }
  const owner = Number(await readFile(file, 'utf8').catch(() => ''))
  const isEmpty =
    owner === 0 &&
    Date.now() -
      (await stat(file)
        .catch(() => null)
        .then((found) => found?.mtimeMs ?? Date.now())) >
      EMPTY_MS
  if (isEmpty || (owner > 0 && !isAlive(owner))) await unlink(file).catch(() => undefined)
  return false
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM'
  }
}
