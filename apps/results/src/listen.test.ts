import { Agent, get } from 'node:http'
import { Hono } from 'hono'
import { afterEach, expect, it } from 'vitest'
import { hostInUrl, type Listening, listen } from './listen.ts'

const open: Listening[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})
const start = async (port: number, next = false) => {
  const one = await listen(
    new Hono().get('/', (c) => c.text('here')),
    { host: '127.0.0.1', port, next },
  )
  open.push(one)
  return one
}

it('keeps connections over several beats', async () => {
  const { url } = await start(0)
  const agent = new Agent({ keepAlive: true })
  const hint = await new Promise((resolve) => get(url, { agent }, (answer) => resolve(answer.resume().headers['keep-alive'])))
  agent.destroy()
  expect(hint).toBe('timeout=75')
})

it('an address of IPv6 stands in brackets, one that is not here is no taken port', async () => {
  const app = new Hono()
  expect(hostInUrl('::1')).toBe('[::1]')
  expect(hostInUrl('127.0.0.1')).toBe('127.0.0.1')
  const elsewhere = listen(app, { host: '192.0.2.1', port: 0, next: true })
  await expect(elsewhere).rejects.toMatchObject({ code: 'SB-SERVE-011', message: expect.stringContaining('EADDRNOTAVAIL') })
})

it('a port that is taken is refused, or the next one is used', async () => {
  const port = Number(new URL((await start(0)).url).port)
  await expect(start(port)).rejects.toMatchObject({ code: 'SB-SERVE-003' })
  expect(Number(new URL((await start(port, true)).url).port)).toBeGreaterThan(port)
})
