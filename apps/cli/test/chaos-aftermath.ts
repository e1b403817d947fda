import { readFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { ServiceClient } from '@sweepboard/results'
import { type TestRedis, waitUntil } from '@sweepboard/test-kit'
import type { ChaosFleet } from './chaos-fleet.ts'
import { filesBelow, ledgerHarm, portHarm, redisHarm, workerHarm } from './chaos-harm.ts'
import type { ProcessTrace } from './chaos-trace.ts'
import type { Fleet } from './fleet-kit.ts'

const DELIVERY_MS = 180_000
/** What torch writes when it is imported, and leaves when it is killed: somebody else's program, in the place it is given for such. */
const OF_TORCH = /_remote_module_non_scriptable/
/** Older than anything counts as being written. */
const LONG_AGO_SECONDS = 7200

/** Ends a fleet whose sweeps are done, and says what should not be there any more: processes, ports, keys, files, rows. */
export async function aftermath(given: {
  readonly host: ChaosFleet
  readonly fleet: Fleet
  readonly redis: TestRedis
  readonly trace: ProcessTrace
}): Promise<string[]> {
  const { host, fleet, redis, trace } = given
  const undelivered = () => host.workers.flatMap(({ data }) => waiting(data))
  await waitUntil(() => undelivered().length === 0, { deadlineMs: DELIVERY_MS, everyMs: 200 }).catch(() => undefined)
  const harm = undelivered().map((path) => `undelivered: ${path}`)
  harm.push(...host.dropped().map(({ lease, reason }) => `dropped of ${lease}: ${reason}`))
  await new ServiceClient({ url: host.url, token: null, timeoutMs: 60_000 }).post('/gc', { olderThanMs: 0, dryRun: false })
  const ports = [host.port, ...host.workers.flatMap(({ data }) => portsOf(data))]
  harm.push(...(await host.end()))
  if (backdated(host)) {
    await host.again()
    harm.push(...(await host.end()))
  }
  const left = () => [...new Set([...trace.alive(), ...fleet.left().map(({ command }) => command)])]
  await waitUntil(() => left().length === 0, { deadlineMs: 30_000, everyMs: 200 }).catch(() => undefined)
  return [
    ...harm,
    ...host.surprises,
    ...left().map((command) => `orphan: ${command}`),
    ...ledgerHarm(host.service.data),
    ...host.workers.flatMap(({ data }) => workerHarm(data)),
    ...(await redisHarm(redis.url)),
    ...(await portHarm([...new Set(ports)])),
    ...filesBelow(fleet.path('tmp')).flatMap((path) => (OF_TORCH.test(path) ? [] : [`temp file: ${path}`])),
  ]
}

function waiting(data: string): string[] {
  return filesBelow(join(data, 'worker', 'outbox')).filter((path) => path.endsWith('.json'))
}

/** Ports that servers said they listen on. */
function portsOf(data: string): number[] {
  const logs = join(data, 'worker', 'servers', 'logs')
  const said = filesBelow(logs).map((path) => readFileSync(join(logs, path), 'utf8'))
  return [...said.join('\n').matchAll(/^stub \S+ on port (\d+)$/gm)].map(([, port]) => Number(port))
}

/**
 * What writers killed in the middle of a write left, and what servers answered of chunks that others did, is removed by a later start, once
 * it is old: makes it so. Whether there is any of
 * that, or a record or mark that a worker could not remove from a disk that was read-only.
 */
function backdated(host: ChaosFleet): boolean {
  const all = host.parts.flatMap(({ data }) => filesBelow(data).map((path) => join(data, path)))
  const asides = all.filter((path) => path.endsWith('.tmp') || path.includes('/worker/kept/'))
  const then = Date.now() / 1000 - LONG_AGO_SECONDS
  for (const path of asides) utimesSync(path, then, then)
  return asides.length > 0 || all.some((path) => /\/worker\/(marks|servers)\/[^/]+$/.test(path))
}
