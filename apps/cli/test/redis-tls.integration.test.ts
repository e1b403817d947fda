import { join } from 'node:path'
import { sha256 } from '@sweepboard/contracts'
import { aclLine } from '@sweepboard/queue'
import { findOnPath, freePort, startRedis } from '@sweepboard/test-kit'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { makeAuthority } from '../../../packages/queue/test/certificates.ts'
import { openPlace, start, sweepboard } from './command.ts'

const PASSWORDS = { service: 'service-password-1', workers: 'workers-password-2', admin: 'admin-password-3' }
const authority = findOnPath(['openssl']) === null ? null : makeAuthority()
const place = openPlace()
const port = await freePort()
const [server, client, other] = ['redis.example', 'service.example', 'worker.example'].map((name) => authority?.issue(name))
const acl = place.write(
  'users.acl',
  [
    'user default off',
    `user admin on >${PASSWORDS.admin} ~* &* +@all`,
    aclLine('service', { prefix: 'fleet', password: `#${sha256(PASSWORDS.service)}` }),
    aclLine('workers', { prefix: 'fleet', password: `#${sha256(PASSWORDS.workers)}` }),
  ].join('\n'),
)
const { redis, reason } =
  authority && server
    ? await startRedis({
        args: [
          ...['--tls-port', String(port), '--tls-ca-cert-file', authority.caFile, '--tls-auth-clients', 'yes'],
          ...['--tls-cert-file', server.certFile, '--tls-key-file', server.keyFile, '--aclfile', acl],
        ],
        login: { user: 'admin', password: PASSWORDS.admin },
      })
    : { redis: null, reason: 'no openssl on PATH' }
afterAll(async () => {
  await redis?.stop()
  authority?.remove()
  place.remove()
})

describe.skipIf(!redis)(`a fleet on a Redis with TLS, client certificates and two users ${reason}`, () => {
  it('runs a sweep: the service by its own user, workers by the one they are told, each with its own certificate', async () => {
    const file = (name: keyof typeof PASSWORDS) => place.write(`${name}.password`, `${PASSWORDS[name]}\n`)
    const at = `http://127.0.0.1:${await freePort()}`
    const trust = ['--redis-ca', authority?.caFile ?? '', '--redis-server-name', 'redis.example', '--redis-prefix', 'fleet']
    const own = ['--redis-cert', client?.certFile ?? '', '--redis-key', client?.keyFile ?? '']
    const serve = [
      'serve',
      '--redis',
      `rediss://service@127.0.0.1:${port}`,
      '--redis-password-file',
      file('service'),
      ...trust,
      ...own,
    ]
    const told = [
      '--redis-for-workers',
      `rediss://workers@127.0.0.1:${port}`,
      '--redis-for-workers-password-file',
      file('workers'),
    ]
    const service = start([...serve, ...told, '--port', new URL(at).port, '--data', place.data, '--beat', '500'])
    await service.until('Board and API')

    const join_ = (await (await fetch(`${at}/api/v1/join`)).json()) as { queue: object }
    expect(join_.queue).toMatchObject({
      url: `rediss://workers:${PASSWORDS.workers}@127.0.0.1:${port}`,
      tls: { ca: authority?.ca, serverName: 'redis.example' },
    })
    expect(JSON.stringify(join_)).not.toMatch(/PRIVATE KEY|service-password/)

    const bare = await start(['worker', '--join', at, '--slots', 'cpu', '--data', join(place.folder, 'bare')]).ended
    expect(bare.exit).toBe(2)
    expect(bare.stderr).toContain('SB-QUEUE-007')

    const certificate = ['--redis-cert', other?.certFile ?? '', '--redis-key', other?.keyFile ?? '']
    const worker = start(['worker', '--join', at, '--slots', 'cpu', '--data', join(place.folder, 'w'), ...certificate])
    await worker.until('Joined')
    const spec = place.write('sweep.yaml', 'sweep: secret\ntasks: [SemanticTrapsEn]\nmodels: [mteb/baseline-random-encoder]\n')
    const submitted = await sweepboard('submit', spec, '--to', at, '--json')
    const { sweep } = JSON.parse(submitted.stdout) as { sweep: string }
    expect((await sweepboard('watch', sweep, '--to', at, '--json')).exit).toBe(0)
    for (const one of [worker, service]) {
      one.child.kill('SIGTERM')
      expect((await one.ended).exit).toBe(0)
    }
    const admin = new Redis(redis?.url ?? '')
    expect(await admin.acl('LOG')).toEqual([])
    expect((await admin.keys('*')).filter((key) => !key.startsWith('fleet:sb-'))).toEqual([])
    admin.disconnect()
    const said = [worker, service].map((one) => JSON.stringify(one.said())).join('') + bare.stderr
    for (const password of Object.values(PASSWORDS)) expect(said).not.toContain(password)
  })

  it('a certificate of nobody trusted, and another name: refused before anything starts, with the fix', async () => {
    const stranger = makeAuthority()
    try {
      for (const how of [
        ['--redis-ca', stranger.caFile, '--redis-server-name', 'redis.example'],
        ['--redis-ca', authority?.caFile ?? ''],
      ]) {
        const ended = await sweepboard(
          'serve',
          '--redis',
          `rediss://service@127.0.0.1:${port}`,
          ...how,
          '--data',
          place.data,
          '--port',
          '0',
        )
        expect(ended.exit).toBe(2)
        expect(ended.stderr).toMatch(/SB-QUEUE-007[\s\S]*--redis-ca/)
      }
    } finally {
      stranger.remove()
    }
  })
})
