import { openHttpStore } from '@sweepboard/artifacts'
import { sha256 } from '@sweepboard/contracts'
import { SERVICE_CRASH_POINTS } from '@sweepboard/results'
import { CHILD_CRASH_POINTS, WORKER_CRASH_POINTS } from '@sweepboard/worker'
import type { FaultBench } from './fault-kit.ts'
import { api, finish, type Program, sweepState } from './fleet-kit.ts'

/** A process and the point where it dies, `point#n` at its n-th passing. */
export interface CrashCase {
  readonly who: 'service' | 'worker' | 'child'
  readonly point: string
}

/**
 * Points of the service, `prepared.before` aside: a fleet's tasks arrive prepared. `expire.after`, `control.after` and `gc.*` are passed
 * only when a worker is lost, when somebody pauses the sweep, and when somebody asks for gc.
 */
const SERVICE_POINTS = SERVICE_CRASH_POINTS.filter((point) => point !== 'prepared.before')

export const CRASH_CASES: readonly CrashCase[] = [
  ...SERVICE_POINTS.map((point) => ({ who: 'service' as const, point })),
  ...WORKER_CRASH_POINTS.map((point) => ({ who: 'worker' as const, point })),
  ...CHILD_CRASH_POINTS.map((point) => ({ who: 'child' as const, point })),
]

/**
 * Runs one small sweep in which one process dies at one point and is started again. Throws where it did not die; answers the
 * export of the finished sweep.
 */
export async function crashOnce(bench: FaultBench, { who, point }: CrashCase): Promise<Map<string, unknown>> {
  const env = { SWEEPBOARD_CRASH_AT: point }
  if (point === 'expire.after' || point === 'control.after') return crashDisturbed(bench, point)
  if (point.startsWith('gc.')) return crashCollecting(bench, env)
  if (who === 'service') return crashService(bench, env)
  const run = await bench.begin({ workers: 1, workerEnv: env, isHeld: false })
  const [worker] = run.workers as [Program]
  if (who === 'child') {
    await finish(run.url, run.sweep, 60_000)
    if (!worker.events.some(({ event }) => event === 'child-gone')) throw new Error(`no child died at ${point}`)
    return bench.settle(run, [worker, run.service])
  }
  const { code, stderr } = await within(worker.ended, `the worker to die at ${point}`)
  if (code !== 137) throw new Error(`the worker ended with ${code} before ${point}: ${stderr.slice(-1000)}`)
  return bench.settle(run, [bench.worker(run, 0), run.service])
}

async function crashService(bench: FaultBench, env: { SWEEPBOARD_CRASH_AT: string }): Promise<Map<string, unknown>> {
  const at = await bench.open(env)
  const worker = bench.worker(at, 0)
  const submitting = bench.fleet.run(['submit', bench.spec, '--to', at.url, '--json'])
  const { code } = await within(at.service.ended, `the service to die at ${env.SWEEPBOARD_CRASH_AT}`)
  if (code !== 137) throw new Error(`the service ended with ${code} before ${env.SWEEPBOARD_CRASH_AT}`)
  const { program, url } = await bench.fleet.serve(bench.data(at.name), { redis: bench.redis.url, port: at.port })
  const submitted = await submitting
  // A submitter whose service died under it knows no outcome: submitting again is what its user does.
  if (submitted.code !== 0) await bench.fleet.succeed(['submit', bench.spec, '--to', url, '--json'])
  const [newest] = await api<{ id: string }[]>(url, '/sweeps')
  return bench.settle({ url, sweep: (newest as { id: string }).id }, [worker, program])
}

/** The service dies while it answers to a lost worker or to a pause: what it had decided holds, the rest is decided again. */
async function crashDisturbed(bench: FaultBench, point: 'expire.after' | 'control.after'): Promise<Map<string, unknown>> {
  const run = await bench.begin({ workers: 1, serviceEnv: { SWEEPBOARD_CRASH_AT: point } })
  const [worker] = run.workers as [Program]
  await bench.underWay(run)
  if (point === 'expire.after') await worker.end('SIGKILL')
  else await bench.fleet.run(['pause', run.sweep, '--to', run.url])
  await within(run.service.ended, `the service to die at ${point}`)
  const { program, url } = await bench.fleet.serve(bench.data(run.name), { redis: bench.redis.url, port: run.port })
  if (point === 'expire.after') return bench.settle({ url, sweep: run.sweep }, [bench.worker(run, 0), program])
  if ((await sweepState(url, run.sweep)).state !== 'paused') throw new Error('the pause was lost')
  await bench.fleet.succeed(['resume', run.sweep, '--to', url])
  return bench.settle({ url, sweep: run.sweep }, [worker, program])
}

/** The service dies while it deletes what nothing refers to, with no regard to age: what workers just uploaded is asked of them again. */
async function crashCollecting(bench: FaultBench, env: { SWEEPBOARD_CRASH_AT: string }): Promise<Map<string, unknown>> {
  const run = await bench.begin({ workers: 1, serviceEnv: env })
  const junk = new TextEncoder().encode(`nothing refers to this: ${env.SWEEPBOARD_CRASH_AT}`)
  await bench.underWay(run)
  await openHttpStore({ url: run.url, token: null }).put(junk)
  await bench.fleet.run(['gc', '--older-than', '0s', '--to', run.url])
  await within(run.service.ended, `the service to die at ${env.SWEEPBOARD_CRASH_AT}`)
  const { program, url } = await bench.fleet.serve(bench.data(run.name), { redis: bench.redis.url, port: run.port })
  await bench.fleet.succeed(['gc', '--older-than', '0s', '--to', url])
  if (await openHttpStore({ url, token: null }).has(sha256(junk))) throw new Error('garbage is still there')
  return bench.settle({ url, sweep: run.sweep }, [...run.workers, program])
}

/** The same choice of cases for the same seed. */
export function chooseCases(seed: number, count: number): CrashCase[] {
  const order = CRASH_CASES.map((each, i) => ({ each, rank: Math.imul(seed + i * 7919, 2_654_435_761) >>> 0 }))
  return order
    .sort((a, b) => a.rank - b.rank)
    .slice(0, count)
    .map(({ each }) => each)
}

function within<T>(what: Promise<T>, name: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited 60 s for ${name}`)), 60_000)
  })
  return Promise.race([what, late]).finally(() => clearTimeout(timer))
}
