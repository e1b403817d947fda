import { readFileSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { type Finding, ok, warning } from './finding.ts'

/** Servers, their children and thousands of connections: each is a file. */
const FILES = 8192

/** Node itself, cores and memory, and how many files a process may open. */
export function checkMachine(): Finding[] {
  const [major = 0] = process.versions.node.split('.').map(Number)
  const node = `${process.version} at ${process.execPath}`
  return [
    major >= 24 ? ok('node', node) : warning('node', node, 'Use Node 24: older ones are not tested.'),
    ok('machine', `${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(1)} GiB memory`),
    checkOpenFiles(readLimits()),
  ]
}

/** `limits`: text of /proc/self/limits; empty where there is none. Pure. */
export function checkOpenFiles(limits: string): Finding {
  const [, soft = ''] = /^Max open files\s+(\S+)/m.exec(limits) ?? []
  if (soft === '') return ok('open files', 'the limit cannot be read here')
  if (soft === 'unlimited' || Number(soft) >= FILES) return ok('open files', `${soft} a process`)
  const fix = 'Run `ulimit -n 65536` before it, or set LimitNOFILE=65536 in its systemd unit.'
  return warning('open files', `only ${soft} a process: a service with many workers needs more`, fix)
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return ''
  }
}
