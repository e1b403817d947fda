import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { newLeaseId } from '@sweepboard/contracts'
import { startRedis, waitUntil } from '@sweepboard/test-kit'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { openBullQueue } from '../src/index.ts'

const SLOTS = 64
/** Open leases of a slot at most (protocol: the window). */
const WINDOW = 3
/** Keys of a lane that stand while nothing waits: small, and the same however many tickets passed. */
const LANE_BYTES = 12_000

const { redis, reason } = await startRedis({ own: true })
const client = redis ? new Redis(redis.url) : null
afterAll(async () => {
  client?.disconnect()
  await redis?.stop()
})

describe.skipIf(!redis)(`what a queue takes of Redis, on ${redis?.source ?? `no Redis: ${reason}`}`, () => {
  /** Bytes of every key of a prefix, by Redis's own count. */
  async function measure(prefix: string): Promise<{ bytes: number; keys: string[] }> {
    const keys = (await client?.keys(`${prefix}:*`)) ?? []
    const sizes = await Promise.all(keys.map((key) => client?.memory('USAGE', key)))
    return { bytes: sizes.reduce<number>((sum, size) => sum + Number(size ?? 0), 0), keys }
  }

  it('a few hundred bytes a waiting ticket, a few kilobytes a lane, and nothing more after thousands of tickets', async () => {
    const prefix = `sb-${newLeaseId()}`
    const queue = await openBullQueue({ url: redis?.url ?? '', prefix })
    const lane = 'lane-a'
    let done = 0
    const run = async () => {
      done += 1
    }
    const pass = async (count: number) => {
      const wanted = done + count
      for (let sent = 0; sent < count; sent += 100)
        await Promise.all(Array.from({ length: Math.min(100, count - sent) }, () => queue.add(lane, newLeaseId())))
      await waitUntil(() => done >= wanted, { deadlineMs: 60_000 })
      await waitUntil(async () => (await queue.waiting(lane)).length === 0)
    }
    const consumer = queue.consume(lane, { concurrency: 8 }, run)
    await pass(200)
    const early = await waitUntil(() => measure(prefix))
    await pass(3000)
    await consumer.drain()
    const after = await waitUntil(async () => {
      const found = await measure(prefix)
      return found.keys.every((key) => !/:j[0-9a-f]{20}/.test(key)) && found
    })
    expect(after.keys.length).toBeLessThanOrEqual(Math.max(early.keys.length, 8))
    expect(after.bytes).toBeLessThan(LANE_BYTES)

    for (let ticket = 0; ticket < SLOTS * WINDOW; ticket += 1) await queue.add(lane, newLeaseId())
    const full = await measure(prefix)
    const perSlot = (full.bytes - after.bytes) / SLOTS
    const standing = after.keys.map((key) => key.split(':').at(-1)).join(', ')
    process.stdout.write(
      `Redis: ${after.bytes} B a lane at rest (${standing}), ${perSlot.toFixed(0)} B a slot with ${WINDOW} tickets\n`,
    )
    expect(perSlot).toBeLessThan(3000)
    await queue.close()
  })

  it('lanes nobody uses any more go by themselves', async () => {
    const prefix = `sb-${newLeaseId()}`
    const queue = await openBullQueue({ url: redis?.url ?? '', prefix, laneTtlMs: 1500, times: { stalledMs: 1000 } })
    const ticket = newLeaseId()
    await queue.add('lane-old', ticket)
    const taken: string[] = []
    const consumer = queue.consume('lane-old', { concurrency: 1 }, async (one) => void taken.push(one))
    await waitUntil(() => taken.length === 1)
    await consumer.drain()
    // A ticket that nobody took, removed when its lease has expired.
    await queue.add('lane-deserted', ticket)
    expect(await queue.remove('lane-deserted', ticket)).toBe(true)
    // One of another process, and a lane that was only looked at.
    await queue.add('lane-left', ticket)
    const restarted = await openBullQueue({ url: redis?.url ?? '', prefix, laneTtlMs: 1500 })
    expect(await restarted.remove('lane-left', ticket)).toBe(true)
    expect(await restarted.waiting('lane-seen')).toEqual([])
    await restarted.close()
    // One added again when Redis was emptied.
    await queue.add('lane-emptied', ticket)
    for (const key of (await measure(prefix)).keys.filter((key) => key.includes('lane-emptied'))) await client?.del(key)
    await queue.add('lane-emptied', ticket)
    expect(await queue.remove('lane-emptied', ticket)).toBe(true)
    // One whose holder was killed, in a lane that nobody serves afterwards.
    await queue.add('lane-orphaned', ticket)
    const script = fileURLToPath(new URL('crashing-worker.ts', import.meta.url))
    const holder = spawn(process.execPath, [script, redis?.url ?? '', prefix, 'lane-orphaned'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(holder.stdout, 'data')
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    expect(await queue.remove('lane-orphaned', ticket)).toBe(false)
    // Somebody comes, finds it held, and leaves before the lock has run out.
    const visitor = queue.consume('lane-orphaned', { concurrency: 1 }, async () => undefined)
    await waitUntil(async () => (await measure(prefix)).keys.some((key) => key.endsWith('lane-orphaned:stalled')))
    await visitor.drain()
    await queue.close()
    await waitUntil(async () => (await measure(prefix)).keys.length === 0, { deadlineMs: 15_000 })
  })
})
