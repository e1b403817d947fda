import { writeFileSync } from 'node:fs'
import type { TestRedis } from '@sweepboard/test-kit'
import { waitUntil } from '@sweepboard/test-kit'
import { Fleet, finish, joined, type Program, submit, sweepState } from './fleet-kit.ts'
import { type EmbeddingsStub, startStub } from './fleet-stub.ts'
import { writeTask } from './fleet-task.ts'

/** Names of worker processes, beyond those of one test. */
export interface Running {
  readonly url: string
  readonly port: number
  readonly sweep: string
  readonly service: Program
  readonly workers: readonly Program[]
}

/** A small sweep of a static, a random and a remote model over two tasks, with its result from a quiet embedded run. */
export class FaultBench {
  readonly fleet = new Fleet()
  readonly redis: TestRedis
  readonly stub: EmbeddingsStub
  readonly spec: string
  #wanted: Map<string, unknown> = new Map()
  #count = 0

  private constructor(redis: TestRedis, stub: EmbeddingsStub) {
    this.redis = redis
    this.stub = stub
    this.spec = this.fleet.path('faults.yaml')
  }

  static async open(redis: TestRedis): Promise<FaultBench> {
    const bench = new FaultBench(redis, await startStub())
    const { fleet, stub } = bench
    const tasks = ['Left', 'Right'].map((name, i) =>
      writeTask(fleet.folder, name, { documents: 1200, queries: 30, words: 90, seed: 31 + i }),
    )
    writeFileSync(
      bench.spec,
      [
        'sweep: faults',
        `tasks: [${tasks.join(', ')}]`,
        'models:',
        '  - local/pocket-static-en',
        '  - mteb/baseline-random-encoder',
        `  - { model: acme/stub, engine: { openai: { url: "${stub.url}", batch: 50 } } }`,
        'matrix: { precision: [float32, binary] }',
        '',
      ].join('\n'),
    )
    const data = fleet.path('quiet')
    await fleet.succeed(['run', bench.spec, '--no-serve', '--json', '--slots', 'cpu,endpoint', '--threads', '1', '--data', data])
    bench.#wanted = await fleet.exported({ data })
    return bench
  }

  get wanted(): ReadonlyMap<string, unknown> {
    return this.#wanted
  }

  data(name: string): string {
    return this.fleet.path(name, 'service')
  }

  /** A service and workers on a Redis without leftovers, with the sweep under way: the endpoint holds its answers back. */
  async begin(
    given: { workers?: number; workerEnv?: Readonly<Record<string, string>>; serviceEnv?: Readonly<Record<string, string>> } = {},
  ): Promise<Running & { readonly name: string }> {
    this.#count += 1
    const name = `case-${this.#count}`
    this.stub.hold()
    const { program, url, port } = await this.fleet.serve(this.data(name), {
      redis: this.redis.url,
      ...(given.serviceEnv ? { env: given.serviceEnv } : {}),
    })
    const workers = Array.from({ length: given.workers ?? 2 }, (_, i) =>
      this.worker({ url, name }, i, i === 0 ? given.workerEnv : undefined),
    )
    await joined(url, workers.length)
    const sweep = await submit(this.fleet, this.spec, url)
    return { name, url, port, sweep, service: program, workers }
  }

  worker(at: { url: string; name: string }, i: number, env?: Readonly<Record<string, string>>): Program {
    return this.fleet.worker(at.url, `${at.name}-w${i}`, { slots: 'cpu,endpoint', ...(env ? { env } : {}) })
  }

  /** Waits until at least so many chunks are committed. */
  async underWay({ url, sweep }: Running, chunks = 1): Promise<void> {
    await waitUntil(async () => (await sweepState(url, sweep)).chunks.done >= chunks, {
      deadlineMs: 30_000,
      what: `${chunks} chunks done`,
    })
  }

  /** Lets the sweep end; answers the export, to be compared with `wanted`, and ends all processes. */
  async settle({ url, sweep }: Pick<Running, 'url' | 'sweep'>, programs: readonly Program[]): Promise<Map<string, unknown>> {
    this.stub.release()
    await finish(url, sweep, 60_000)
    const found = await this.fleet.exported({ url })
    for (const program of programs) await program.end('SIGTERM')
    return found
  }

  async close(): Promise<string[]> {
    const left = await this.fleet.close()
    await this.stub.close()
    await this.redis.stop()
    return left.map(({ command }) => command)
  }
}
