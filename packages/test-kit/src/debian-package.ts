import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { findOnPath } from './on-path.ts'

const run = promisify(execFile)
const APT_MS = 300_000

/**
 * Unpacks a Debian package and what it needs beyond this system into `folder`, without root and without installing
 * anything. Returns the folder to use as a root (`<root>/usr/bin/...`); the second call finds it there.
 * Throws where there is no apt or the archive cannot be reached.
 */
export async function unpackDebianPackage(name: string, folder: string): Promise<string> {
  const root = join(folder, name)
  if (existsSync(root)) return root
  if (!findOnPath(['apt-get'])) throw new Error('no apt-get here')
  mkdirSync(folder, { recursive: true })
  const work = mkdtempSync(join(folder, 'unpack-'))
  try {
    const options = await aptOptions(name, work)
    const { stdout } = await apt([...options, '--print-uris', '-qq', '-y', '--no-install-recommends', 'install', name], work)
    const packages = [...stdout.matchAll(/^'[^']*' ([^_\s]+)_/gm)].map((match) => match[1] as string)
    if (packages.length === 0) throw new Error(`apt-get names no archive for ${name}`)
    await apt([...options, 'download', ...packages], work)
    const into = join(work, 'root')
    for (const file of readdirSync(work).filter((entry) => entry.endsWith('.deb'))) {
      await run('dpkg', ['-x', join(work, file), into])
    }
    mkdirSync(dirname(root), { recursive: true })
    if (!existsSync(root)) renameSync(into, root)
    return root
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Options that make apt-get work without root; with package lists of its own where the system has none. */
async function aptOptions(name: string, work: string): Promise<string[]> {
  const unlocked = ['-o', 'Debug::NoLocking=1', '-o', 'APT::Sandbox::User=']
  const known = await apt([...unlocked, '--print-uris', '-qq', '-y', 'install', name], work).then(
    () => true,
    () => false,
  )
  if (known) return unlocked
  const state = join(work, 'state')
  mkdirSync(join(state, 'lists', 'partial'), { recursive: true })
  mkdirSync(join(work, 'cache', 'archives', 'partial'), { recursive: true })
  writeFileSync(join(state, 'status'), '')
  const own = [...unlocked, '-o', `Dir::State=${state}`, '-o', `Dir::Cache=${join(work, 'cache')}`]
  // An empty status would pull in the C library as well, which must be the system's: keep the real one where there is one.
  if (!existsSync('/var/lib/dpkg/status')) own.push('-o', `Dir::State::status=${join(state, 'status')}`)
  await apt([...own, 'update'], work)
  return own
}

function apt(args: string[], cwd: string) {
  return run('apt-get', args, { cwd, timeout: APT_MS, maxBuffer: 64 * 1024 * 1024 })
}

/** Where the dynamic linker finds the libraries of an unpacked root. */
export function libraryPath(root: string): string {
  const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'
  return [join(root, 'usr/lib', triplet), join(root, 'lib', triplet), join(root, 'usr/lib')].join(':')
}
