import { execFile } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { findOnPath } from './on-path.ts'

const run = promisify(execFile)
const APT_MS = 600_000
const POLICY = '/usr/sbin/policy-rc.d'

/** What the full test run wants beside npm's packages: the Debian package, and the programs any of which will do. */
const WANTED = [
  { name: 'redis-server', programs: ['redis-server', 'valkey-server'] },
  { name: 'chromium', programs: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'] },
]

/**
 * Installs what is missing of redis-server and chromium, on Debian as root only, and says so; elsewhere, or with
 * SWEEPBOARD_NO_INSTALL=1, nothing happens and the tests that need them skip with their reason. Never starts a service.
 */
export async function installMissing(env: NodeJS.ProcessEnv, say: (line: string) => void): Promise<void> {
  if (env.SWEEPBOARD_NO_INSTALL === '1' || process.getuid?.() !== 0) return
  if (!existsSync('/etc/debian_version') || !findOnPath(['apt-get'])) return
  const redisGiven = Boolean(env.REDIS_URL)
  const missing = WANTED.filter(({ programs }) => !findOnPath(programs))
    .map(({ name }) => name)
    .filter((name) => !(redisGiven && name === 'redis-server'))
  if (missing.length === 0) return
  say(`Installing ${missing.join(' and ')} with apt-get for the tests (SWEEPBOARD_NO_INSTALL=1 switches this off) ...`)
  const withoutServices = guardServices()
  try {
    await install(missing).catch(async () => {
      await apt(['update']) // no package lists, or old ones
      await install(missing)
    })
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string }
    say(`apt-get could not install them; tests that need them are skipped. ${stderr.trim().split('\n').at(-1) ?? ''}`)
  } finally {
    withoutServices()
  }
}

function install(names: readonly string[]) {
  return apt(['install', '-y', '--no-install-recommends', ...names])
}

function apt(args: readonly string[]) {
  const options = ['-o', 'DPkg::Lock::Timeout=60', '-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=30']
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  return run('apt-get', [...options, '-qq', ...args], { env, timeout: APT_MS, maxBuffer: 64 * 1024 * 1024 })
}

/** Debian asks policy-rc.d before a package starts its service: 101 forbids it. Returns what takes the guard away. */
function guardServices(): () => void {
  if (existsSync(POLICY)) return () => {} // the machine has its own rule
  writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  return () => rmSync(POLICY, { force: true })
}
