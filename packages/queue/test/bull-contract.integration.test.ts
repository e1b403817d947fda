import { newLeaseId } from '@sweepboard/contracts'
import { startRedis } from '@sweepboard/test-kit'
import { afterAll, describe } from 'vitest'
import { openBullQueue } from '../src/index.ts'
import { queueContract } from '../src/queue.contract.ts'

const { redis, reason } = await startRedis()
afterAll(() => redis?.stop())

describe.skipIf(!redis)(`BullMQ on ${redis?.source ?? `no Redis: ${reason}`}`, () => {
  queueContract('the queue on Redis', async () => {
    const options = { url: redis?.url ?? '', prefix: `sb-${newLeaseId()}` }
    return { service: await openBullQueue(options), worker: await openBullQueue(options) }
  })
})
