import { newLeaseId } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { openLocalQueue } from './local-queue.ts'
import { queueContract } from './queue.contract.ts'

queueContract('the queue in process', async () => {
  const queue = openLocalQueue()
  return { service: queue, worker: queue }
})

describe('the queue in process', () => {
  it('gives nothing out after close', async () => {
    const queue = openLocalQueue()
    await queue.close()
    await expect(queue.add('lane-a', newLeaseId())).rejects.toMatchObject({ code: 'SB-CORE-004' })
  })
})
