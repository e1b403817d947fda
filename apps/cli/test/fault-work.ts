import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { promisify } from 'node:util'
import { openFolderStore } from '@sweepboard/artifacts'
import { type PreparedTask, taskKey } from '@sweepboard/contracts'
import { prepareTask } from '@sweepboard/tasks'
import { readHubSettings } from '../src/hub.ts'
import { type LoadOptions, loadSweep } from '../src/load-sweep.ts'
import { Fleet } from './fleet-kit.ts'
import { startStub } from './fleet-stub.ts'
import { writeTask } from './fleet-task.ts'

const SIZE = { documents: 200, queries: 10, words: 300 }
const RANDOM = 'mteb/baseline-random-encoder'
/** Plans with nothing but the sweep file and its folders. */
export const ALONE: LoadOptions = {
  readEnv: () => undefined,
  fingerprints: async () => [],
  hub: readHubSettings({ offline: true }),
}
/** What a fleet's processes are made of: service, worker, and what its children import. */
const CODE = ['../src/commands/serve.ts', '../src/commands/worker.ts', '@sweepboard/models', '@sweepboard/scoring'].map((path) =>
  import.meta.resolve(path),
)

/** Small tasks with their results from a quiet embedded run: what the sweeps of all seeds are made of. */
export class FaultWork {
  readonly fleet = new Fleet()
  readonly store = openFolderStore(this.fleet.path('texts'))
  /** Folders below one root that a service may read itself. */
  readonly root = this.fleet.path('tasks')
  readonly tasks: readonly string[]
  readonly #prepared = new Map<string, PreparedTask>()
  #quiet: ReadonlyMap<string, unknown> = new Map()

  private constructor(count: number) {
    this.tasks = Array.from({ length: count }, (_, i) => writeTask(this.root, `Task${i}`, { ...SIZE, seed: 31 + i }))
  }

  /** Compiled code is kept on disk: the hundreds of starts that follow take half the time. */
  get env(): Readonly<Record<string, string>> {
    return { NODE_COMPILE_CACHE: this.fleet.path('compiled') }
  }

  static async prepare(count: number): Promise<FaultWork> {
    const work = new FaultWork(count)
    const stub = await startStub()
    try {
      const spec = work.writeSpec(work.fleet, 'quiet', { tasks: work.tasks, url: stub.url })
      const { plan } = await loadSweep(spec, ALONE)
      for (const { task } of plan.groups) {
        if (work.#prepared.has(taskKey(task))) continue
        work.#prepared.set(taskKey(task), await prepareTask(task, (bytes) => work.store.put(bytes)))
      }
      await work.#compile()
      const data = work.fleet.path('quiet')
      const args = ['run', spec, '--no-serve', '--json', '--slots', 'cpu,endpoint', '--threads', '1', '--data', data]
      await work.fleet.succeed(args, work.env)
      work.#quiet = await work.fleet.exported({ data })
    } finally {
      await stub.close()
    }
    return work
  }

  /** A process that is killed leaves no compiled code behind: one that ends does it for all. */
  async #compile(): Promise<void> {
    const script = `Promise.all(${JSON.stringify(CODE)}.map((code) => import(code)))`
    await promisify(execFile)(process.execPath, ['--eval', script], { env: { PATH: process.env.PATH, ...this.env } })
  }

  prepared(key: string): PreparedTask {
    return this.#prepared.get(key) as PreparedTask
  }

  /** Texts of the largest chunk. */
  get chunkTexts(): number {
    const sides = [...this.#prepared.values()].flatMap(({ queries, documents }) => [...queries.bounds, ...documents.bounds])
    return Math.max(...sides.map(([start, end]) => end - start))
  }

  /** The quiet run's files of so many first tasks. */
  wanted(taskCount: number): Map<string, unknown> {
    const others = new Set(this.tasks.slice(taskCount).map((folder) => `${basename(folder)}.json`))
    return new Map([...this.#quiet].filter(([path]) => !others.has(basename(path))))
  }

  writeSpec(fleet: Fleet, name: string, { tasks, url }: { tasks: readonly string[]; url: string }): string {
    const path = fleet.path(`${name}.yaml`)
    const remote = `{ model: acme/stub, engine: { openai: { url: "${url}", batch: 50 } } }`
    writeFileSync(path, [`sweep: ${name}`, `tasks: [${tasks.join(', ')}]`, `models: [${RANDOM}, ${remote}]`, ''].join('\n'))
    return path
  }

  async close(): Promise<void> {
    await this.fleet.close()
  }
}
