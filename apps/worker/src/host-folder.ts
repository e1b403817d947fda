import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, realpath } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hostOf, maySpeakFor, SweepError, sha256 } from '@sweepboard/contracts'
import { removeFile, writeDurably } from './durable-file.ts'

/** A worker's data folder, held by this process alone. */
export interface HostFolder {
  /** Made once per folder, of its secret. */
  readonly host: string
  /** What the host proves itself by; null of a folder that was made before there were secrets. */
  readonly secret: string | null
  /** +1 at each start. */
  readonly boot: number
  readonly outbox: string
  readonly artifacts: string
  readonly marks: string
  /** What servers answered of chunks that have not come to their end. */
  readonly kept: string
  readonly slots: string
  /** Servers started here: records, logs, scratch files. */
  readonly servers: string
  release(): Promise<void>
}

/** Throws `SB-WORK-001` when another worker, in this process or not, holds the folder. */
export async function openHostFolder(folder: string): Promise<HostFolder> {
  const paths = { outbox: join(folder, 'outbox'), artifacts: join(folder, 'artifacts'), marks: join(folder, 'marks') }
  for (const path of [folder, ...Object.values(paths)]) await mkdir(path, { recursive: true })
  const servers = join(folder, 'servers')
  const lock = await hold(folder)
  try {
    for (const path of [folder, paths.marks, servers]) await removeAsides(path)
    const { host, boot, secret } = await nextBoot(join(folder, 'host.json'))
    await writeDurably(join(folder, 'holder'), `process ${process.pid}\n`)
    const release = () => new Promise<void>((resolve) => lock.close(() => resolve()))
    return { host, boot, secret, ...paths, slots: join(folder, 'slots.json'), servers, kept: join(folder, 'kept'), release }
  } catch (error) {
    lock.close()
    throw error
  }
}

/** Removes what a process killed in the middle of a write left: whoever holds the folder is its only writer. A disk may be read-only. */
async function removeAsides(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names) if (name.endsWith('.tmp')) await removeFile(join(folder, name)).catch(() => undefined)
}

/**
 * The lock is a listening socket named after the folder: the kernel frees it with the process, however that ends, so
 * there is no stale lock to judge. On Linux it is an abstract one, which leaves no file.
 */
async function hold(folder: string): Promise<Server> {
  const name = `sweepboard-worker-${sha256(await realpath(folder)).slice(0, 32)}`
  const path = process.platform === 'linux' ? `\0${name}` : join(tmpdir(), `${name}.sock`)
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  }).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error
    const holder = await readFile(join(folder, 'holder'), 'utf8').catch(() => 'another process')
    throw new SweepError('SB-WORK-001', { holder: holder.trim(), folder }, { cause: error })
  })
  server.unref()
  return server
}

interface Identity {
  readonly host: string
  readonly boot: number
  readonly secret?: string
}

/** An older version writes an id back without its secret: such a host can speak no more, and the folder becomes another one. */
async function nextBoot(file: string): Promise<Pick<HostFolder, 'host' | 'boot' | 'secret'>> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  const known = text === null ? null : (JSON.parse(text) as Identity)
  const old = known !== null && maySpeakFor(known.host, known.secret) ? known : newIdentity()
  const next = { ...old, boot: old.boot + 1 }
  await writeDurably(file, `${JSON.stringify(next)}\n`, OWNER_ONLY)
  return { host: next.host, boot: next.boot, secret: next.secret ?? null }
}

const OWNER_ONLY = 0o600

function newIdentity(): Identity {
  const secret = randomBytes(32).toString('hex')
  return { host: hostOf(secret), boot: 0, secret }
}
