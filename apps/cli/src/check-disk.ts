import { closeSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Finding, ok, warning } from './finding.ts'

const GIB = 2 ** 30
const PROBE_BYTES = 32 * 2 ** 20
/** A card makes about 1 MB of vectors a second; eight of them, and the ledger beside. */
const SLOW_BYTES_PER_SECOND = 20e6
/** Numbers of statfs(2). */
const IN_MEMORY = new Set([0x01021994, 0x858458f6])
const OVER_NETWORK = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
])

export interface DiskFacts {
  readonly folder: string
  readonly type: number
  readonly freeBytes: number
  readonly freeInodes: number
  readonly inodes: number
  /** Null where nothing was written. */
  readonly bytesPerSecond: number | null
}

/** Looks at the disk of a folder and writes 32 MiB to it, durably, to see how fast it is. */
export function readDisk(folder: string): DiskFacts {
  const { bavail, bsize, ffree, files, type } = statfsSync(folder)
  const freeBytes = bavail * bsize
  const bytesPerSecond = freeBytes > 4 * PROBE_BYTES ? measure(join(folder, `.doctor-${process.pid}`)) : null
  return { folder, type, freeBytes, freeInodes: ffree, inodes: files, bytesPerSecond }
}

/** Findings about a disk, the worst things first; one `ok` where there is none. Pure. */
export function checkDisk({ folder, type, freeBytes, freeInodes, inodes, bytesPerSecond }: DiskFacts): Finding[] {
  const found: Finding[] = []
  const warn = (message: string, fix: string) => found.push(warning('disk', message, fix))
  if (freeBytes < GIB)
    warn(`${folder} has ${(freeBytes / GIB).toFixed(2)} GiB free`, 'Free some space: a full disk stops the slots.')
  // Some file systems make inodes as they need them, and say 0 of 0.
  if (inodes > 0 && freeInodes < 20_000)
    warn(`${folder} has ${freeInodes} inodes free`, 'Delete small files or use another disk: every chunk is a file.')
  if (IN_MEMORY.has(type))
    warn(`${folder} is in memory: a restart of the machine empties it`, 'Pass --data with a folder on a disk.')
  const network = OVER_NETWORK.get(type)
  if (network !== undefined)
    warn(
      `${folder} is on ${network}, where the ledger's locks may not hold`,
      'Keep --data on a local disk; only the artifacts may be shared.',
    )
  if (bytesPerSecond !== null && bytesPerSecond < SLOW_BYTES_PER_SECOND)
    warn(
      `${folder} takes ${(bytesPerSecond / 1e6).toFixed(1)} MB/s`,
      'Use a faster disk: vectors arrive at about 1 MB/s from each GPU.',
    )
  if (found.length > 0) return found
  const speed = bytesPerSecond === null ? '' : `, ${(bytesPerSecond / 1e6).toFixed(0)} MB/s`
  return [ok('disk', `${folder}: ${(freeBytes / GIB).toFixed(0)} GiB free${speed}`)]
}

function measure(path: string): number {
  const piece = new Uint8Array(2 ** 20).fill(7)
  const from = performance.now()
  try {
    const file = openSync(path, 'wx', 0o600)
    try {
      for (let written = 0; written < PROBE_BYTES; written += piece.length) writeSync(file, piece)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    return PROBE_BYTES / ((performance.now() - from) / 1000)
  } finally {
    rmSync(path, { force: true })
  }
}
