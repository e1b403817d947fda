import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { liveProcesses, type ProcessRow } from './processes.ts'

/** Variable that marks every process of one test run: a child inherits it, whoever its parent is in the end. */
export const RUN_MARK = 'SWEEPBOARD_TEST_RUN'

/**
 * Live processes whose environment holds `name=value`, without this one. Finds orphans, too: a process that lost its
 * parent keeps the environment it was started with. Zombies are not alive.
 */
export function processesMarked(name: string, value: string): ProcessRow[] {
  return liveProcesses().filter((row) => row.pid !== process.pid && hasMark(row.pid, `${name}=${value}`))
}

function hasMark(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark)
  } catch {
    return false // ended meanwhile, or another user's
  }
}

/** Names of what stands in a temp folder that should be empty again; the folder is then removed. */
export function emptyTempFolder(folder: string): string[] {
  const left = readdirSync(folder).sort()
  rmSync(folder, { recursive: true, force: true })
  return left.map((name) => join(folder, name))
}
