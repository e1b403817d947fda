import { join } from 'node:path'
import { ServiceClient } from '@sweepboard/results'
import { freePort, startRedis, waitUntil } from '@sweepboard/test-kit'
import { afterAll, describe, expect, it } from 'vitest'
import { openPlace, REPOSITORY, type Running, start, sweepboard } from './command.ts'

const POCKET = join(REPOSITORY, 'examples/models/pocket-static-en')
const { redis, reason } = await startRedis()
const place = openPlace()
afterAll(async () => {
  await redis?.stop()
  place.remove()
})

describe.skipIf(!redis)(`comparisons on a schedule (${redis?.source ?? `no Redis: ${reason}`})`, () => {
  it('are made by the service: at once, and again after `every`', async () => {
    const token = place.write('token', 'writer')
    const url = `http://127.0.0.1:${await freePort()}`
    const serve: Running = start([
      'serve',
      '--redis',
      redis?.url ?? '',
      '--port',
      url.split(':')[2] ?? '',
      '--data',
      place.data,
      '--write-token-file',
      token,
      '--json',
    ])
    try {
      await serve.until('listening')
      const client = new ServiceClient({ url, token: 'writer' })
      const rows = async () => (await client.get('/consistency')) as { holds: boolean; texts: string; a: { model: string } }[]
      const file = place.write(
        's.yaml',
        `sweep: watched\ntasks: [SemanticTrapsEn]\nmodels: [local/pocket-static-en]\nconsistency: [{ model: ${POCKET}, against: onnx, every: 1s }]\n`,
      )
      expect((await sweepboard('submit', file, '--to', url, '--token-file', token)).exit).toBe(0)
      await waitUntil(async () => (await rows()).length >= 2, { deadlineMs: 120_000 })
      const [newest] = await rows()
      expect(newest).toMatchObject({ holds: true, texts: 'probe set 1', a: { model: 'local/pocket-static-en' } })
    } finally {
      serve.child.kill('SIGTERM')
      expect((await serve.ended).exit).toBe(0)
    }
  }, 180_000)
})
