import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ACL_COMMANDS, aclLine } from './redis-acl.ts'

const scripts = join(dirname(createRequire(import.meta.url).resolve('bullmq')), 'commands')

describe('the ACL line', () => {
  it('allows every command that a script of BullMQ calls', () => {
    const files = readdirSync(scripts, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.lua'))
    const called = files.flatMap((name) =>
      [...readFileSync(join(scripts, name), 'utf8').matchAll(/(?:rcall|redis\.p?call)\(\s*["']([A-Za-z]+)["']/g)].map(
        ([, word]) => (word as string).toLowerCase(),
      ),
    )
    expect(called.length).toBeGreaterThan(100)
    expect([...new Set(called)].filter((command) => !ACL_COMMANDS.includes(command))).toEqual([])
  })

  it('is the one of infra/README.md, and allows nothing that reaches beyond the keys', () => {
    const readme = readFileSync(new URL('../../../infra/README.md', import.meta.url), 'utf8')
    expect(readme).toContain(aclLine('sweepboard', { password: '>PASSWORD' }))
    for (const command of ['keys', 'scan', 'flushall', 'flushdb', 'config', 'acl', 'monitor', 'debug', 'shutdown', 'script'])
      expect(ACL_COMMANDS).not.toContain(command)
    expect(aclLine('a', { prefix: 'team', password: '>x' })).toContain(' ~team:* ')
  })
})
