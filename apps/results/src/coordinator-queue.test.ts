import { SweepError, type TicketQueue } from '@sweepboard/contracts'
import { expect, it } from 'vitest'
import { Tickets } from './coordinator-queue.ts'

it('a queue that answers but takes no ticket is away until it takes one, and that is said once', async () => {
  let isFull = true
  let now = 5
  const queue = {
    add: async () => {
      if (isFull) throw new SweepError('SB-QUEUE-010', { url: 'redis://x', message: 'OOM' })
    },
    waiting: async () => [],
    remove: async () => true,
  } as unknown as TicketQueue
  const said: unknown[] = []
  const tickets = new Tickets(
    queue,
    ({ message }) => said.push(message),
    () => now,
  )
  tickets.add('j1', 'a')
  for (let tick = 0; tick < 3; tick += 1) {
    await tickets.probe()
    await tickets.send()
    expect((await tickets.waiting(['a']))?.get('a')).toEqual([])
    expect([tickets.isAway, tickets.awayForMs()]).toEqual([true, 100 * tick])
    now += 100
  }
  expect(said).toEqual(['the queue does not answer'])
  isFull = false
  await tickets.send()
  expect([tickets.isAway, tickets.awayForMs(), said.at(-1)]).toEqual([false, null, 'the queue answers again'])
})

it('one whose refused ticket is not wanted any more is asked what waits', async () => {
  const refuse = async () => {
    throw new Error('OOM')
  }
  const queue = { add: refuse, waiting: async () => [], remove: async () => true } as unknown as TicketQueue
  const tickets = new Tickets(
    queue,
    () => undefined,
    () => 0,
  )
  tickets.add('j1', 'a')
  await tickets.send()
  tickets.remove('j1', 'a')
  await tickets.probe()
  expect(tickets.isAway).toBe(false)
})
