import { readFileSync, writeFileSync } from 'node:fs'
import { launchStubFile, startRedis, waitUntil } from '@sweepboard/test-kit'
import { api, Fleet, finish, joined, submit } from '../../apps/cli/test/fleet-kit.ts'
import { writeTask } from '../../apps/cli/test/fleet-task.ts'

/** A chunk closes at so many texts. */
export const CHUNK_TEXTS = 1024

/** A server's request: epoch milliseconds, and which chunk of its task its first text is of. */
export interface Request {
  readonly server: string
  readonly begin: number
  readonly end: number
  readonly chunk: number
}

/** A real service on Redis and real worker processes, each with a server of its own that sleeps so long for each text. */
export class ScalingFleet {
  readonly #fleet: Fleet
  readonly #stop: () => Promise<void>
  readonly url: string
  #tasks = 0

  private constructor(url: string, fleet: Fleet, stop: () => Promise<void>) {
    this.url = url
    this.#fleet = fleet
    this.#stop = stop
  }

  static async open(workers: number, textMs: number): Promise<ScalingFleet> {
    const { redis, reason } = await startRedis({ own: true })
    if (!redis) throw new Error(`no Redis ${reason}`)
    const fleet = new Fleet()
    const launchers = fleet.path('launchers.json')
    writeFileSync(launchers, launchStubFile({ stub: { textMs, dim: 4, requests: fleet.path('requests') } }))
    const { url } = await fleet.serve(fleet.path('service'), { redis: redis.url })
    for (let i = 0; i < workers; i += 1) {
      const name = `w${i}`
      fleet.start([
        'worker',
        '--join',
        url,
        '--data',
        fleet.path(name),
        '--slots',
        'cpu',
        '--name',
        name,
        '--launchers',
        launchers,
        '--json',
      ])
    }
    await joined(url, workers)
    return new ScalingFleet(url, fleet, async () => {
      await fleet.close()
      await redis.stop()
    })
  }

  /** Submits a sweep of tasks of so many chunks of documents each, none of whose texts was seen before; its id. */
  async submit(chunksOfTasks: readonly number[]): Promise<string> {
    const tasks = chunksOfTasks.map((chunks) => {
      this.#tasks += 1
      const name = `T${this.#tasks}`
      writeTask(this.#fleet.folder, name, { documents: chunks * CHUNK_TEXTS, queries: 4, words: 8, seed: this.#tasks })
      return `./${name}`
    })
    const spec = this.#fleet.path(`sweep-${this.#tasks}.yaml`)
    const model = `{ model: org/stub, revision: "${'0'.repeat(40)}", recipe: { pooling: mean, normalize: true, similarity: cosine, dimensions: 4 }, engine: { launch: { name: stub, device: cpu, concurrency: 1, batch: 64 } } }`
    writeFileSync(spec, `sweep: scaling-${this.#tasks}\ntasks: [${tasks.join(', ')}]\nmodels: [${model}]\n`)
    return submit(this.#fleet, spec, this.url)
  }

  chunks(sweep: string): Promise<{ chunks: { done: number; total: number }; cells: { scored: number } }> {
    return api(this.url, `/sweeps/${sweep}`)
  }

  async done(sweep: string): Promise<number> {
    await finish(this.url, sweep, 600_000)
    return performance.now()
  }

  /** Waits until so many chunks are done; the moment. */
  async reached(sweep: string, count: number): Promise<number> {
    await waitUntil(async () => (await this.chunks(sweep)).chunks.done >= count, { deadlineMs: 600_000, everyMs: 50 })
    return performance.now()
  }

  /** Requests of documents by server, in their order. */
  requests(): Request[][] {
    const rows = readFileSync(this.#fleet.path('requests'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .filter((row) => /-d\d+$/.test(row[4] ?? ''))
      .map(([server = '', begin, end, , first = '']) => {
        const document = Number(first.slice(first.lastIndexOf('d') + 1))
        return { server, begin: Number(begin), end: Number(end), chunk: Math.floor(document / CHUNK_TEXTS) }
      })
    return [...Map.groupBy(rows, ({ server }) => server).values()].map((own) => own.sort((a, b) => a.begin - b.begin))
  }

  close(): Promise<void> {
    return this.#stop()
  }
}
