import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { newLeaseId, sha256 } from '@sweepboard/contracts'
import { findOnPath, freePort, startRedis, waitUntil } from '@sweepboard/test-kit'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { aclLine, checkRedis, openBullQueue, openSchedules, type RedisTls, withLogin } from '../src/index.ts'
import { queueContract } from '../src/queue.contract.ts'
import { makeAuthority } from './certificates.ts'

const PASSWORD = 'p@ss/w:rd that nobody may read'
const ADMIN = 'admin-secret'
const openssl = findOnPath(['openssl'])
const authority = openssl ? makeAuthority() : null
const server = authority?.issue('redis.example')
const client = authority?.issue('worker.example')
const stranger = openssl ? makeAuthority() : null
const tlsPort = await freePort()
const aclFile = authority ? join(authority.caFile, '..', 'users.acl') : ''
if (authority) {
  writeFileSync(
    aclFile,
    [
      'user default off',
      `user admin on >${ADMIN} ~* &* +@all`,
      // An aclfile splits words at spaces: the hash of a password stands for any.
      aclLine('sweepboard', { password: `#${sha256(PASSWORD)}` }),
      aclLine('team', { prefix: 'team-a', password: `#${sha256(PASSWORD)}` }),
    ].join('\n'),
  )
}
const started = authority
  ? await startRedis({
      args: [
        ...['--tls-port', String(tlsPort), '--tls-ca-cert-file', authority.caFile],
        ...['--tls-cert-file', server?.certFile ?? '', '--tls-key-file', server?.keyFile ?? '', '--tls-auth-clients', 'yes'],
        ...['--aclfile', aclFile],
      ],
      login: { user: 'admin', password: ADMIN },
    })
  : { redis: null, reason: 'no openssl on PATH' }
const { redis, reason } = started
const admin = redis ? new Redis(redis.url) : null
afterAll(async () => {
  admin?.disconnect()
  await redis?.stop()
  authority?.remove()
  stranger?.remove()
})

const address = withLogin(`rediss://127.0.0.1:${tlsPort}`, { user: 'sweepboard', password: PASSWORD })
const tls: RedisTls = { ca: authority?.ca, cert: client?.cert, key: client?.key, serverName: 'redis.example' }

describe.skipIf(!redis)(`Redis with TLS, client certificates and an ACL user ${reason}`, () => {
  queueContract('the queue of a user with the ACL line, over TLS', async () => {
    const options = { url: address, tls, prefix: `sb-${newLeaseId()}` }
    return { service: await openBullQueue(options), worker: await openBullQueue(options) }
  })

  it('schedules work with that line, and nothing was refused so far', async () => {
    const seen: string[] = []
    const errors: string[] = []
    const schedules = await openSchedules({
      ...{ url: address, tls, prefix: `sb-${newLeaseId()}` },
      run: async (data) => void seen.push(data),
      onError: (error) => errors.push(error.message),
    })
    await schedules.keep([
      { name: 'a', everyMs: 200, data: 'a' },
      { name: 'b', everyMs: 60_000, data: 'b' },
    ])
    await waitUntil(() => seen.filter((one) => one === 'a').length >= 3 && seen.includes('b'))
    await schedules.keep([{ name: 'b', everyMs: 60_000, data: 'c' }])
    await schedules.keep([])
    await schedules.close()
    expect(errors).toEqual([])
    expect(await admin?.acl('LOG')).toEqual([])
  })

  it('that user can neither read other keys nor run other commands', async () => {
    const login = { username: 'sweepboard', password: PASSWORD }
    const own = new Redis({ port: Number(new URL(redis?.url ?? '').port), ...login })
    for (const ask of [
      () => own.get('other'),
      () => own.set('other', '1'),
      () => own.eval("return redis.call('get', 'other')", 0),
      () => own.flushall(),
      () => own.keys('*'),
      () => own.config('GET', '*'),
      () => own.call('ACL', 'LIST'),
    ])
      await expect(ask()).rejects.toThrow(/NOPERM|ACL|can't access/)
    own.disconnect()
    await admin?.acl('LOG', 'RESET')
  })

  it('a prefix in front keeps users of one Redis apart', async () => {
    const url = withLogin(`rediss://127.0.0.1:${tlsPort}`, { user: 'team', password: PASSWORD })
    const queue = await openBullQueue({ url, tls, prefix: 'team-a:sb-x' })
    const ticket = newLeaseId()
    await queue.add('lane', ticket)
    expect(await queue.waiting('lane')).toEqual([ticket])
    await queue.close()
    const other = await openBullQueue({ url, tls, prefix: 'sb-x' })
    await expect(other.add('lane', ticket)).rejects.toMatchObject({ code: 'SB-QUEUE-008' })
    expect(await checkRedis(url, { tls, prefix: 'team-a:sb-' })).toEqual([])
    expect((await checkRedis(url, { tls, prefix: 'sb-' })).map(({ code }) => code)).toEqual(['SB-QUEUE-008'])
    await other.close()
  })

  it('TLS to a port without it ends at the deadline', async () => {
    const plain = address.replace(String(tlsPort), new URL(redis?.url ?? '').port)
    expect((await checkRedis(plain, { tls, deadlineMs: 500 })).map(({ code }) => code)).toEqual(['SB-QUEUE-001'])
  })

  it.each<[string, string, RedisTls, string]>([
    ['all as it should be', address, tls, ''],
    ['a name that is not in the certificate', address, { ...tls, serverName: 'other.example' }, 'SB-QUEUE-007'],
    ['the address, which is not in it either', address, { ...tls, serverName: undefined }, 'SB-QUEUE-007'],
    ['the name check switched off', address, { ...tls, serverName: undefined, checkName: false }, ''],
    ['an authority nobody named', address, { ...tls, ca: undefined }, 'SB-QUEUE-007'],
    ['an unknown authority without a name check', address, { ...tls, ca: stranger?.ca, checkName: false }, 'SB-QUEUE-007'],
    ['no client certificate', address, { ...tls, cert: undefined, key: undefined }, 'SB-QUEUE-007'],
    ['a wrong password', withLogin(address, { password: `${PASSWORD}!` }), tls, 'SB-QUEUE-006'],
    ['no login', `rediss://127.0.0.1:${tlsPort}`, tls, 'SB-QUEUE-006'],
  ])('%s', async (_, url, given, code) => {
    const before = performance.now()
    const found = await checkRedis(url, { tls: given })
    expect(found.map((one) => one.code)).toEqual(code === '' ? [] : [code])
    expect(performance.now() - before).toBeLessThan(4000) // said at once, not when a deadline ends
    const thrown = await openBullQueue({ url, tls: given, prefix: 'sb-x' }).then(
      (queue) => queue.close(),
      (error) => error,
    )
    const said = inspect([found, thrown], { depth: null, showHidden: true })
    for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), 'PRIVATE KEY']) expect(said).not.toContain(secret)
  })
})
