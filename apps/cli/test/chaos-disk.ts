import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitUntil } from '@sweepboard/test-kit'

const LEFT_BYTES = 64 * 1024

/** A disk of its own for one data folder: it can be filled, and folders on it made read-only. A plain folder where nothing may be mounted. */
export class SmallDisk {
  readonly folder: string
  readonly #isMounted: boolean
  readonly #bound = new Set<string>()

  constructor(folder: string, bytes: number, isMounted: boolean) {
    this.folder = folder
    this.#isMounted = isMounted
    mkdirSync(folder, { recursive: true })
    if (isMounted) mount('-t', 'tmpfs', '-o', `size=${bytes}`, 'none', folder)
  }

  /** Leaves a few pages, or none where somebody else writes meanwhile. */
  fill(): void {
    const { bavail, bsize } = statfsSync(this.folder)
    try {
      writeFileSync(this.#ballast, new Uint8Array(Math.max(0, bavail * bsize - LEFT_BYTES)))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }

  empty(): void {
    rmSync(this.#ballast, { force: true })
  }

  get #ballast(): string {
    return join(this.folder, 'ballast')
  }

  /** What is bound over a folder can be read-only although files on the disk are open for writing. */
  async protect(folder: string): Promise<void> {
    mount('--bind', folder, folder)
    this.#bound.add(folder)
    // Busy while somebody has a file open for writing that was opened since.
    await waitUntil(() => mount('-o', 'remount,bind,ro', folder), { what: `a read-only ${folder}` })
  }

  release(folder: string): void {
    if (!this.#bound.delete(folder)) return
    execFileSync('umount', ['-l', folder], { stdio: 'pipe' })
  }

  close(): void {
    for (const folder of this.#bound) this.release(folder)
    if (this.#isMounted) execFileSync('umount', ['-l', this.folder], { stdio: 'pipe' })
  }
}

/** Why nothing can be mounted here; empty = it can. */
export function noMounts(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sb-disk-'))
  try {
    new SmallDisk(folder, 2 ** 20, true).close()
    return ''
  } catch (error) {
    return `nothing can be mounted here (${error instanceof Error ? error.message.split('\n')[0] : error})`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function mount(...args: string[]): true {
  execFileSync('mount', args, { stdio: 'pipe' })
  return true
}
