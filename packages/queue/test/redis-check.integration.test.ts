import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newLeaseId } from '@sweepboard/contracts'
import { freePort, startRedis } from '@sweepboard/test-kit'
import { afterAll, describe, expect, it } from 'vitest'
import { checkRedis, openBullQueue } from '../src/index.ts'

const PASSWORD = 'a-secret-nobody-may-read'
const folder = mkdtempSync(join(tmpdir(), 'sb-'))
const socket = join(folder, 'redis.sock')
const good = await startRedis({ args: ['--unixsocket', socket] })
const odd = await startRedis({ args: ['--requirepass', PASSWORD, '--maxmemory-policy', 'allkeys-lru', '--appendonly', 'no'] })
afterAll(async () => {
  await good.redis?.stop()
  await odd.redis?.stop()
  rmSync(folder, { recursive: true })
})

describe.skipIf(!good.redis || !odd.redis)(`checking a Redis ${good.reason || odd.reason}`, () => {
  const oddUrl = odd.redis?.url ?? ''

  it('finds nothing wrong with one that is set up as it should be', async () => {
    expect(await checkRedis(good.redis?.url ?? '')).toEqual([])
  })

  it('names eviction and the missing append-only file, with the remedy', async () => {
    const found = await checkRedis(oddUrl)
    expect(found.map(({ code, severity }) => [code, severity])).toEqual([
      ['SB-QUEUE-003', 'error'],
      ['SB-QUEUE-005', 'warning'],
    ])
    expect(found[0]?.fix).toContain('noeviction')
  })

  it('refuses one that takes no tickets: no such database, no scripts', async () => {
    const prefix = 'sb-'
    const bare = await startRedis({ args: ['--rename-command', 'eval', ''] })
    try {
      expect(await checkRedis(good.redis?.url ?? '', { prefix })).toEqual([])
      const scripts = await checkRedis(bare.redis?.url ?? '', { prefix })
      const [database] = await checkRedis(`${good.redis?.url}/99`)
      expect(scripts.map(({ code }) => code)).toEqual(['SB-QUEUE-010'])
      expect([database?.code, database?.message]).toEqual(['SB-QUEUE-010', expect.stringContaining('out of range')])
    } finally {
      await bare.redis?.stop()
    }
  })

  it('tells a refused login from an absent server, and never prints the password', async () => {
    const wrong = oddUrl.replace(PASSWORD, `${PASSWORD}-wrong`)
    const none = `redis://:${PASSWORD}@127.0.0.1:${await freePort()}`
    const found = [...(await checkRedis(wrong)), ...(await checkRedis(none, { deadlineMs: 1000 }))]
    expect(found.map(({ code }) => code)).toEqual(['SB-QUEUE-006', 'SB-QUEUE-001'])
    expect(JSON.stringify(found)).not.toContain(PASSWORD)
    const refused = await openBullQueue({ url: wrong, prefix: 'sb-x', times: { commandMs: 1000 } }).catch((error) => error)
    expect(refused).toMatchObject({ code: 'SB-QUEUE-006' })
    expect(refused.message).not.toContain(PASSWORD)
  })

  it('refuses what is not a Redis URL', async () => {
    expect((await checkRedis(`http://:${PASSWORD}@host`)).map(({ code }) => code)).toEqual(['SB-QUEUE-004'])
    expect(JSON.stringify(await checkRedis(PASSWORD))).not.toContain(PASSWORD)
  })

  it.each([
    ['a password', oddUrl],
    ['a unix socket', `unix:${socket}`],
  ])('works with %s', async (_, url) => {
    const queue = await openBullQueue({ url, prefix: `sb-${newLeaseId()}` })
    const ticket = newLeaseId()
    await queue.add('lane-a', ticket)
    const taken = await new Promise((resolve) => queue.consume('lane-a', { concurrency: 1 }, async (t) => resolve(t)))
    expect(taken).toBe(ticket)
    await queue.close()
  })
})
