import { setTimeout as sleep } from 'node:timers/promises'
import { newLeaseId, type TicketQueue } from '@sweepboard/contracts'
import { waitUntil } from '@sweepboard/test-kit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

/** Two views of one queue: of the service and of a worker. In process they are the same object. */
export interface QueuePair {
  readonly service: TicketQueue
  readonly worker: TicketQueue
}

/** What every `TicketQueue` must do. Called by the test files of both implementations. */
export function queueContract(name: string, open: () => Promise<QueuePair>): void {
  describe(`${name} keeps the queue contract`, () => {
    let service: TicketQueue
    let worker: TicketQueue
    let lane: string

    beforeEach(async () => {
      const pair = await open()
      service = pair.service
      worker = pair.worker
      lane = `lane-${newLeaseId()}`
    })
    afterEach(async () => {
      await worker.close()
      await service.close()
    })

    /** Takes tickets of the lane and holds each until `release`. */
    function hold(queue: TicketQueue, concurrency: number) {
      const taken: string[] = []
      const gates = new Map<string, () => void>()
      const consumer = queue.consume(lane, { concurrency }, (ticket) => {
        taken.push(ticket)
        return new Promise<void>((resolve) => gates.set(ticket, resolve))
      })
      return { taken, consumer, release: (ticket: string) => gates.get(ticket)?.() }
    }

    async function addMany(count: number): Promise<string[]> {
      const tickets = Array.from({ length: count }, () => newLeaseId())
      for (const ticket of tickets) await service.add(lane, ticket)
      return tickets
    }

    it('delivers each ticket once, first in first out', async () => {
      const tickets = await addMany(20)
      const seen: string[] = []
      worker.consume(lane, { concurrency: 1 }, async (ticket) => {
        seen.push(ticket)
      })
      await waitUntil(() => seen.length >= tickets.length)
      await waitUntil(async () => (await service.waiting(lane)).length === 0)
      expect(seen).toEqual(tickets)
    })

    it('delivers to a consumer that was there first', async () => {
      const { taken } = hold(worker, 1)
      const [ticket] = await addMany(1)
      await waitUntil(() => taken.length === 1, { deadlineMs: 2000 })
      expect(taken).toEqual([ticket])
    })

    it('adds a ticket once, however often it is added while it waits or runs', async () => {
      const [ticket = ''] = await addMany(1)
      await service.add(lane, ticket)
      expect(await service.waiting(lane)).toEqual([ticket])
      const { taken, release } = hold(worker, 1)
      await waitUntil(() => taken.length === 1)
      await service.add(lane, ticket)
      expect(await service.waiting(lane)).toEqual([])
      const [next = ''] = await addMany(1)
      release(ticket)
      await waitUntil(() => taken.length === 2)
      expect(taken).toEqual([ticket, next])
    })

    it('lists waiting tickets in their order, without the running ones', async () => {
      const tickets = await addMany(4)
      const { taken } = hold(worker, 1)
      await waitUntil(() => taken.length === 1)
      expect(await service.waiting(lane)).toEqual(tickets.slice(1))
    })

    it('removes what waits, and nothing else', async () => {
      const [running = '', waiting = '', last = ''] = await addMany(3)
      const { taken, release } = hold(worker, 1)
      await waitUntil(() => taken.length === 1)
      expect(await service.remove(lane, waiting)).toBe(true)
      expect(await service.remove(lane, waiting)).toBe(false)
      expect(await service.remove(lane, running)).toBe(false)
      expect(await service.remove(lane, newLeaseId())).toBe(false)
      expect(await service.waiting(lane)).toEqual([last])
      release(running)
      await waitUntil(() => taken.length === 2)
      expect(taken).toEqual([running, last])
    })

    it('runs as many at once as allowed, and no more', async () => {
      const tickets = await addMany(7)
      let now = 0
      let most = 0
      let done = 0
      worker.consume(lane, { concurrency: 3 }, async () => {
        now += 1
        most = Math.max(most, now)
        await sleep(20)
        now -= 1
        done += 1
      })
      await waitUntil(() => done === tickets.length)
      expect(most).toBe(3)
    })

    it('reports a failing run and goes on; the failed ticket is gone', async () => {
      const [bad, good] = await addMany(2)
      const errors: string[] = []
      const seen: string[] = []
      worker.consume(lane, { concurrency: 1, onError: (error) => errors.push(error.message) }, async (ticket) => {
        seen.push(ticket)
        if (ticket === bad) throw new Error('no luck')
      })
      await waitUntil(() => seen.length === 2)
      expect(seen).toEqual([bad, good])
      expect(errors).toEqual(['no luck'])
      expect(await service.waiting(lane)).toEqual([])
    })

    it('close abandons running tickets: they are delivered again, before the others', async () => {
      const [first = '', second = '', third = ''] = await addMany(3)
      const held = hold(worker, 2)
      await waitUntil(() => held.taken.length === 2)
      await held.consumer.close()
      const next = hold(service, 3)
      await waitUntil(() => next.taken.length === 3, { deadlineMs: 5000 })
      expect(next.taken.slice(0, 2).sort()).toEqual([first, second].sort())
      expect(next.taken[2]).toBe(third)
      held.release(first) // the abandoned run ends late: that must not end the new one
      held.release(second)
      for (const ticket of next.taken) next.release(ticket)
      await next.consumer.drain()
      expect(await service.waiting(lane)).toEqual([])
      expect(held.taken).toHaveLength(2)
    })

    it('drain takes nothing new and waits for what runs', async () => {
      const [first = '', second = ''] = await addMany(2)
      const { taken, consumer, release } = hold(worker, 1)
      await waitUntil(() => taken.length === 1)
      let drained = false
      const draining = consumer.drain().then(() => {
        drained = true
      })
      const [third = ''] = await addMany(1)
      expect(drained).toBe(false)
      release(first)
      await draining
      expect(taken).toEqual([first])
      expect(await service.waiting(lane)).toEqual([second, third])
    })

    it('drains an idle consumer at once', async () => {
      const { consumer } = hold(worker, 2)
      const before = performance.now()
      await consumer.drain()
      expect(performance.now() - before).toBeLessThan(3000)
    })

    it('keeps many lanes apart', async () => {
      const lanes = Array.from({ length: 12 }, () => `lane-${newLeaseId()}`)
      const seen = new Map<string, string[]>()
      for (const each of lanes) {
        seen.set(each, [])
        worker.consume(each, { concurrency: 2 }, async (ticket) => {
          seen.get(each)?.push(ticket)
        })
      }
      const wanted = lanes.map((each) => [each, [newLeaseId(), newLeaseId(), newLeaseId()]] as const)
      for (const [each, tickets] of wanted) for (const ticket of tickets) await service.add(each, ticket)
      await waitUntil(() => [...seen.values()].every((tickets) => tickets.length === 3))
      expect([...seen].map(([each, tickets]) => [each, tickets.toSorted()])).toEqual(
        wanted.map(([each, tickets]) => [each, tickets.toSorted()]),
      )
    })

    it('shares a lane between consumers, each ticket to one of them', async () => {
      const tickets = await addMany(30)
      const seen: string[] = []
      for (const queue of [worker, service]) {
        queue.consume(lane, { concurrency: 2 }, async (ticket) => {
          await sleep(2)
          seen.push(ticket)
        })
      }
      await waitUntil(() => seen.length >= tickets.length)
      await waitUntil(async () => (await service.waiting(lane)).length === 0)
      expect(seen.toSorted()).toEqual(tickets.toSorted())
    })

    it('lets timers tick while many short tickets pass', async () => {
      const tickets = await addMany(300)
      let done = 0
      let ticks = 0
      const ticking = setInterval(() => {
        ticks += 1
      }, 1)
      worker.consume(lane, { concurrency: 1 }, async () => {
        done += 1
      })
      await waitUntil(() => done === tickets.length, { everyMs: 1 })
      clearInterval(ticking)
      expect(ticks).toBeGreaterThan(0)
    })

    it('refuses names that could leave their key', async () => {
      await expect(service.add('lane:x', newLeaseId())).rejects.toMatchObject({ code: 'SB-CORE-001' })
      await expect(service.add(lane, 'a:b')).rejects.toMatchObject({ code: 'SB-CORE-001' })
      await expect(service.add(lane, '')).rejects.toMatchObject({ code: 'SB-CORE-001' })
    })
  })
}
