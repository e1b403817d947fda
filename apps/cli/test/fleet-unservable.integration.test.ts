import { readFileSync, writeFileSync } from 'node:fs'
import { startRedis, type TestRedis, waitUntil } from '@sweepboard/test-kit'
import { afterAll, describe, expect, it } from 'vitest'
import { api, Fleet, joined, submit } from './fleet-kit.ts'
import { type EmbeddingsStub, startStub } from './fleet-stub.ts'
import { writeTask } from './fleet-task.ts'

const { redis, reason } = await startRedis({ own: true })

describe.skipIf(!redis)(`work that no slot can serve ${reason}`, { timeout: 300_000 }, () => {
  const fleet = new Fleet()
  let stub: EmbeddingsStub | undefined
  afterAll(async () => {
    const left = await fleet.close()
    await stub?.close()
    await redis?.stop()
    expect(left).toEqual([])
  })

  it('says why and what would fit in submit, status, watch and the log, without a worker and with one of another kind', async () => {
    stub = await startStub()
    const task = writeTask(fleet.folder, 'One', { documents: 20, queries: 5, words: 20, seed: 1 })
    const spec = fleet.path('remote.yaml')
    writeFileSync(spec, `sweep: remote\ntasks: [${task}]\nmodels: [acme/stub]\nengine: { openai: { url: "${stub.url}" } }\n`)
    const { url, program } = await fleet.serve(fleet.path('service'), { redis: (redis as TestRedis).url })
    const submitted = await fleet.succeed(['submit', spec, '--to', url])
    const absent =
      'no slot can serve acme/stub (openai): no worker is joined. What would fit: an endpoint slot (--slots endpoint)'
    expect(submitted.stderr).toContain(absent)
    const status = async (...args: string[]) => {
      const { stdout, stderr } = await fleet.succeed(['status', ...args, '--to', url])
      return `${stdout}${stderr}`.replaceAll(/\s+/g, ' ')
    }
    expect(await status()).toContain(absent)
    fleet.worker(url, 'cpu')
    await joined(url, 1)
    const other = 'no slot can serve acme/stub (openai): needs a slot of kind endpoint, the slots here are cpu.'
    expect(await status()).toContain(other)
    expect(await status('remote')).toContain(other)
    expect(await status('--fleet', '--json')).toContain('"reason": "needs a slot of kind endpoint')
    const watch = fleet.start(['watch', 'remote', '--to', url])
    await waitUntil(() => watch.stderr.includes(other), { deadlineMs: 60_000, what: 'watch says why' })
    const log = fleet.path('service', 'logs', `${program.pid}.ndjson`)
    await waitUntil(() => readFileSync(log, 'utf8').includes(other), { deadlineMs: 60_000, what: 'the log says why' })
    const again = await fleet.succeed(['submit', spec, '--to', url])
    expect(again.stderr.match(/kind endpoint/g)).toHaveLength(1)
    fleet.worker(url, 'endpoint', { slots: 'endpoint' })
    expect((await watch.ended).stderr.match(/kind endpoint/g)).toHaveLength(1)
    expect(await status()).not.toContain('no slot can serve')
  })
  it('a Redis that is away is said by status and doctor; one of two sweeps of a name is taken and the other named', async () => {
    const spec = fleet.path('remote.yaml')
    const { url } = await fleet.serve(fleet.path('away'), { redis: (redis as TestRedis).url })
    const [older, newer] = [await submit(fleet, spec, url), await submit(fleet, spec, url)]
    const paused = await fleet.succeed(['pause', 'remote', '--to', url, '--json'])
    expect(JSON.parse(paused.stdout)).toMatchObject({ id: newer, state: 'paused' })
    expect(paused.stderr).toContain(`newest of its name, ${newer}; 1 more sweep of this name is not ended: ${older} (running)`)
    expect((await fleet.succeed(['cancel', newer, '--to', url])).stderr).toBe('')

    const health = () => api<{ ok: boolean; queue: string; queueAwayForMs: number | null }>(url, '/health')
    const becomes = (queue: string) =>
      waitUntil(async () => (await health()).queue === queue, { deadlineMs: 60_000, what: queue })
    const doctor = () => fleet.run(['doctor', '--to', url, '--data', fleet.path('nothing'), '--offline'])
    expect(await health()).toMatchObject({ ok: true, queue: 'up', queueAwayForMs: null })
    expect((await doctor()).stdout).toMatch(/^ok +redis: the queue of .* answers it$/m)
    await redis?.kill()
    await becomes('away')
    expect(await health()).toMatchObject({ ok: true, queueAwayForMs: expect.any(Number) })
    for (const args of [['status'], ['status', older]]) {
      const { stdout, stderr } = await fleet.succeed([...args, '--to', url])
      expect(`${stdout}${stderr}`.replaceAll(/\s+/g, ' ')).toMatch(/Redis does not answer the service, for \d/)
    }
    expect((await doctor()).stdout).toMatch(/^error +redis: .*Redis does not answer the service/m)
    await redis?.restart()
    await becomes('up')
  })
})
