import { describe, expect, it } from 'vitest'
import { findings } from './redis-check.ts'
import { readLogin, withLogin } from './redis-link.ts'
import { redactedUrl } from './redis-url.ts'

const URL = 'redis://host:6379'
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
    expect(findings(info(version), URL).map(({ code }) => code)).toEqual(Array(count).fill('SB-QUEUE-002'))
  })

  it('takes an answer without a version for too old', () => {
    expect(findings('# Server\r\n', URL)[0]?.message).toContain('(unknown)')
  })
})

describe('findings of memory', () => {
  it.each([
    ['used_memory:95\r\nmaxmemory:100\r\n', ['SB-QUEUE-009']],
    ['used_memory:80\r\nmaxmemory:100\r\n', []],
    ['used_memory:80\r\nmaxmemory:0\r\n', []],
  ])('%j', (memory, codes) => {
    expect(findings(info('7.0.15') + memory, URL).map(({ code }) => code)).toEqual(codes)
  })
})

describe('findings of replication', () => {
  it('knows a replica, which takes no tickets', () => {
    const [found] = findings(`${info('7.0.15')}role:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\n`, URL)
    expect(found).toMatchObject({ code: 'SB-QUEUE-010', severity: 'error' })
    expect(found?.message).toContain('it is a replica of 10.0.0.1:6379')
    expect(findings(`${info('7.0.15')}role:master\r\n`, URL)).toEqual([])
  })
})

describe('withLogin', () => {
  const password = 'p@ss/w:rd %'
  it.each([
    ['redis://localhost:6379/2', undefined],
    ['rediss://old:word@localhost', 'me'],
    ['redis://me@[::1]:1', undefined],
    ['unix:/run/redis.sock', 'me'],
  ])('%s as %s comes back as it was put in', (url, user) => {
    const made = withLogin(url, { user, password })
    expect(readLogin(made)).toEqual({ password, ...(user ? { username: user } : url.includes('me@') ? { username: 'me' } : {}) })
    expect(redactedUrl(made)).not.toMatch(/p@ss|p%40ss|p%2540|p\+/)
  })

  it('leaves a URL alone where there is nothing to put in', () => {
    expect(withLogin('redis://localhost', {})).toBe('redis://localhost')
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
