import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

/** Runs a command on a 1 MiB file system mounted over `folder`, in a mount namespace that ends with it. */
const onSmallDisk = (folder: string, command: string) =>
  ['unshare', ['-rm', 'sh', '-c', `mount -t tmpfs -o size=1m tmpfs ${folder} && ${command}`]] as const

const probe = mkdtempSync(join(tmpdir(), 'sb-full-'))
const canMount = spawnSync(...onSmallDisk(probe, 'true')).status === 0
rmSync(probe, { recursive: true })

describe.skipIf(!canMount)('the store on a full disk (needs unshare and mount)', () => {
  it('says SB-ART-004, leaves nothing half written, and keeps what it had', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sb-full-'))
    const script = fileURLToPath(new URL('put-until-full.ts', import.meta.url))
    const [command, args] = onSmallDisk(folder, `exec "${process.execPath}" "${script}" ${folder}`)
    const said = JSON.parse(execFileSync(command, args, { encoding: 'utf8' }))
    rmSync(folder, { recursive: true })
    expect(said).toEqual({ code: 'SB-ART-004', leftovers: [], small: true, listed: 1 })
  })
})
