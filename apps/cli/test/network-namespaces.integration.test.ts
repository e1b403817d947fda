import { writeFileSync } from 'node:fs'
import { startRedis } from '@sweepboard/test-kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cell, Fleet, finish, type SweepState } from './fleet-kit.ts'
import { writeTask } from './fleet-task.ts'
import { type NetworkHost, openNetworkHosts } from './network-hosts.ts'

const PASSWORD = 'of-the-namespaces'
const TOKEN = 'a-token-that-both-hosts-have-0123456789'
const network = openNetworkHosts(2)
const reason = 'reason' in network ? network.reason : ''
const { redis, reason: noRedis } = await startRedis({
  own: true,
  args: ['--requirepass', PASSWORD, '--bind', '0.0.0.0', '--protected-mode', 'no'],
})

describe.skipIf(!redis || 'reason' in network)(`two hosts with addresses of their own ${reason}${noRedis}`, () => {
  const fleet = new Fleet()
  const spec = fleet.path('hosts.yaml')
  const [first, second] = 'hosts' in network ? (network.hosts as readonly [NetworkHost, NetworkHost]) : []
  const env = { SWEEPBOARD_TOKEN: TOKEN, SWEEPBOARD_WRITE_TOKEN: TOKEN, SWEEPBOARD_READ_TOKEN: `${TOKEN}-read` }
  let embedded: Map<string, unknown>

  beforeAll(async () => {
    const task = writeTask(fleet.folder, 'Far', { documents: 12_000, queries: 60, words: 60, seed: 11 })
    writeFileSync(
      spec,
      `sweep: hosts\ntasks: [SemanticTrapsEn, ${task}]\nmodels: [mteb/baseline-random-encoder]\nmatrix: { precision: [float32, int8] }\n`,
    )
    const data = fleet.path('embedded')
    await fleet.succeed(['run', spec, '--no-serve', '--json', '--slots', 'cpu', '--threads', '1', '--data', data])
    embedded = await fleet.exported({ data })
  })

  afterAll(async () => {
    const left = await fleet.close()
    if ('close' in network) network.close()
    await redis?.stop()
    expect(left).toEqual([])
  })

  it('share a sweep, one of them cut off in its middle; the export is that of one process', async () => {
    if (!first || !second || !redis) throw new Error('skipped')
    const port = new URL(redis.url).port
    const queue = `redis://:${PASSWORD}@${first.gateway}:${port}`
    const data = fleet.path('service')
    const serve = ['serve', '--redis', queue, '--host', '0.0.0.0', '--port', '0', '--data', data, '--beat', '500', '--json']
    const service = fleet.start(serve, env)
    const at = new URL(String((await service.event('listening')).url)).port
    const read = async <T>(path: string): Promise<T> => {
      const answer = await fetch(`http://127.0.0.1:${at}/api/v1${path}`, { headers: { authorization: `Bearer ${TOKEN}` } })
      if (!answer.ok) throw new Error(`${path}: ${answer.status}`)
      return (await answer.json()) as T
    }
    const join = (host: NetworkHost, name: string) =>
      fleet.start(
        [
          'worker',
          '--join',
          `http://${host.gateway}:${at}`,
          '--data',
          fleet.path(name),
          '--slots',
          'cpu',
          '--threads',
          '1',
          '--name',
          name,
          '--json',
        ],
        env,
        host.through,
      )
    const workers = [join(first, 'first'), join(second, 'second')]
    const ids = await Promise.all(workers.map(async (worker) => (await worker.event('joined')).host))
    // Submitted from a host, as a user there would: tasks travel over its network.
    const submitted = fleet.start(['submit', spec, '--to', `http://${first.gateway}:${at}`, '--json'], env, first.through)
    const { code, stdout, stderr } = await submitted.ended
    expect(code, stderr).toBe(0)
    const { sweep } = JSON.parse(stdout) as { sweep: string }

    await workers[1]?.event('chunk')
    second.cut()
    const away = await workers[1]?.event('service-away')
    expect(away).toBeDefined()
    second.mend()
    await workers[1]?.event('service-back')

    const state = await finish(`http://127.0.0.1:${at}`, sweep, 300_000, (id) => read<SweepState>(`/sweeps/${id}`))
    expect(state.cells).toMatchObject({ scored: state.cells.total, failed: 0 })
    const cells = await read<Cell[]>(`/sweeps/${sweep}/cells`)
    const hosts = cells.flatMap(({ evidence }) => [...(evidence.query?.hosts ?? []), ...(evidence.document?.hosts ?? [])])
    // Both computed; what the second had not delivered when it was cut off may have been computed again by the first.
    expect(ids).toEqual(expect.arrayContaining([...new Set(hosts)]))
    expect(hosts).not.toEqual([])
    for (const worker of workers) expect(worker.events.some(({ event }) => event === 'chunk')).toBe(true)
    const into = fleet.path('export')
    await fleet.succeed(['export', into, '--to', `http://127.0.0.1:${at}`], env)
    expect(fleet.readExport(into)).toEqual(embedded)
    for (const worker of workers) expect((await worker.end('SIGTERM')).code).toBe(0)
    expect((await service.end('SIGTERM')).code).toBe(0)
  })
})
