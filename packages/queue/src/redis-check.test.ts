import { describe, expect, it } from 'vitest'
import { findings } from './redis-check.ts'
import { redactedUrl } from './redis-url.ts'

const info = (version: string) => `# Server\r\nredis_version:${version}\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n`

describe('findings', () => {
  it.each([
    ['5.0.14', 1],
    ['6.0.16', 1],
    ['6.2.0', 0],
    ['7.0.15', 0],
    ['8.2.1', 0],
    ['10.0.0', 0],
  ])('version %s: %i', (version, count) => {
    expect(findings(info(version)).map(({ code }) => code)).toEqual(Array(count).fill('SB-QUEUE-002'))
  })

  it('takes an answer without a version for too old', () => {
    expect(findings('# Server\r\n')[0]?.message).toContain('(unknown)')
  })
})

describe('redactedUrl', () => {
  it.each([
    ['redis://localhost:6379', 'redis://localhost:6379'],
    ['redis://user:pw@host:6379/2', 'redis://***@host:6379/2'],
    ['rediss://:pw@host', 'rediss://***@host'],
    ['unix:/run/redis.sock', 'unix:/run/redis.sock'],
    ['http://:pw@host', '(unreadable)'],
    ['pw', '(unreadable)'],
  ])('%s -> %s', (url, shown) => {
    expect(redactedUrl(url)).toBe(shown)
  })
})
