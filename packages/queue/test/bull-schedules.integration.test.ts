import { newLeaseId } from '@sweepboard/contracts'
import { startRedis, waitUntil } from '@sweepboard/test-kit'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { openSchedules, type Schedules } from '../src/index.ts'

const { redis, reason } = await startRedis()
afterAll(() => redis?.stop())

describe.skipIf(!redis)(`schedules on ${redis?.source ?? `no Redis: ${reason}`}`, () => {
  const open: Schedules[] = []
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close()
  })
  const start = async (prefix: string, run: (data: string) => Promise<void>) => {
    const errors: Error[] = []
    const own = await openSchedules({ url: redis?.url ?? '', prefix, run, onError: (error) => errors.push(error) })
    open.push(own)
    return { own, errors }
  }

  it('runs each at once and then again, a failure included, until it is kept no more', async () => {
    const seen: string[] = []
    const { own, errors } = await start(`sb-${newLeaseId()}`, async (data) => {
      seen.push(data)
      if (data === 'bad') throw new Error('not this time')
    })
    await own.keep([
      { name: 'good', everyMs: 200, data: 'good' },
      { name: 'bad', everyMs: 200, data: 'bad' },
    ])
    await waitUntil(() => ['good', 'bad'].every((data) => seen.filter((one) => one === data).length >= 3))
    expect(errors[0]?.message).toBe('not this time')
    await own.keep([{ name: 'good', everyMs: 200, data: 'good' }])
    const badCount = seen.filter((one) => one === 'bad').length
    const goodCount = seen.filter((one) => one === 'good').length
    await waitUntil(() => seen.filter((one) => one === 'good').length >= goodCount + 4)
    // One may have been on its way already.
    expect(seen.filter((one) => one === 'bad').length).toBeLessThanOrEqual(badCount + 1)
  })

  it('a service that comes back does not run again what is not due, but what was changed', async () => {
    const prefix = `sb-${newLeaseId()}`
    const seen: string[] = []
    const run = async (data: string) => void seen.push(data)
    const first = await start(prefix, run)
    await first.own.keep([{ name: 'weekly', everyMs: 7 * 86_400_000, data: 'old' }])
    await waitUntil(() => seen.length === 1)
    await open.pop()?.close()
    const second = await start(prefix, run)
    await second.own.keep([{ name: 'weekly', everyMs: 7 * 86_400_000, data: 'old' }])
    await second.own.keep([
      { name: 'weekly', everyMs: 7 * 86_400_000, data: 'old' },
      { name: 'other', everyMs: 7 * 86_400_000, data: 'new' },
    ])
    await waitUntil(() => seen.includes('new'))
    expect(seen).toEqual(['old', 'new'])
  })

  it('ends while Redis is away', async () => {
    const own = await startRedis({ own: true })
    const errors: Error[] = []
    const schedules = await openSchedules({
      url: own.redis?.url ?? '',
      prefix: `sb-${newLeaseId()}`,
      run: async () => {},
      onError: (error) => errors.push(error),
    })
    await own.redis?.stop()
    await waitUntil(() => errors.length > 0)
    expect(errors).toEqual([expect.objectContaining({ code: 'SB-QUEUE-001' })])
    await expect(schedules.keep([{ name: 'x', everyMs: 1000, data: '' }])).rejects.toThrow('SB-QUEUE-001')
    await schedules.close()
  }, 30_000)
})
