import { writeFileSync } from 'node:fs'
import type { TestRedis } from '@sweepboard/test-kit'
import { waitUntil } from '@sweepboard/test-kit'
import { Fleet, finish, joined, type Program, submit, sweepState } from './fleet-kit.ts'
import { type EmbeddingsStub, startStub } from './fleet-stub.ts'
import { writeTask } from './fleet-task.ts'

type Env = Readonly<Record<string, string>>

export interface Opened {
  /** Of the case: its processes' folders begin with it. */
  readonly name: string
  readonly url: string
  readonly port: number
  readonly service: Program
}

export interface Running extends Opened {
  readonly sweep: string
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

  /** `documents` of each of the two tasks. The quiet run may be that of another bench of the same size. */
  static async prepare(redis: TestRedis, documents: number, like?: FaultBench): Promise<FaultBench> {
    const bench = new FaultBench(redis, await startStub())
    const { fleet, stub } = bench
    const tasks = ['Left', 'Right'].map((name, i) =>
      writeTask(fleet.folder, name, { documents, queries: 30, words: 90, seed: 31 + i }),
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
    if (like) {
      bench.#wanted = like.#wanted
      return bench
    }
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

  /** A service with a data folder of its own. */
  async open(env?: Env): Promise<Opened> {
    this.#count += 1
    const name = `case-${this.#count}`
    const { program, url, port } = await this.fleet.serve(this.data(name), { redis: this.redis.url, ...(env ? { env } : {}) })
    return { name, url, port, service: program }
  }

  /** A service, workers and the sweep under way; unless told otherwise the endpoint holds its answers back until `settle`. */
  async begin(given: { workers?: number; workerEnv?: Env; serviceEnv?: Env; isHeld?: boolean } = {}): Promise<Running> {
    if (given.isHeld !== false) this.stub.hold()
    const at = await this.open(given.serviceEnv)
    const workers = Array.from({ length: given.workers ?? 2 }, (_, i) =>
      this.worker(at, i, i === 0 ? given.workerEnv : undefined),
    )
    await joined(at.url, workers.length)
    const sweep = await submit(this.fleet, this.spec, at.url)
    return { ...at, sweep, workers }
  }

  worker(at: { url: string; name: string }, i: number, env?: Env): Program {
    return this.fleet.worker(at.url, `${at.name}-w${i}`, { slots: 'cpu,endpoint', ...(env ? { env } : {}) })
  }

  /** Waits until at least so many chunks are committed. */
  async underWay({ url, sweep }: Running, chunks = 1): Promise<void> {
    await waitUntil(async () => (await sweepState(url, sweep)).chunks.done >= chunks, {
      deadlineMs: 180_000,
      what: `${chunks} chunks done`,
    })
  }

  /** Lets the sweep end; answers the export, to be compared with `wanted`, and ends all processes. */
  async settle({ url, sweep }: Pick<Running, 'url' | 'sweep'>, programs: readonly Program[]): Promise<Map<string, unknown>> {
    this.stub.release()
    await finish(url, sweep)
    const found = await this.fleet.exported({ url })
    for (const program of programs) await program.end('SIGTERM')
    return found
  }

  /** Ends what a case that failed has left running. */
  endAll(): Promise<void> {
    return this.fleet.endAll()
  }

  async close(): Promise<string[]> {
    const left = await this.fleet.close()
    await this.stub.close()
    await this.redis.stop()
    return left.map(({ command }) => command)
  }
}
