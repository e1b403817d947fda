import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type LaunchStubOptions, launchStubFile } from '@sweepboard/test-kit'
import type { Fleet } from './fleet-kit.ts'
import { writeTask } from './fleet-task.ts'

const REVISION = '"0123456789012345678901234567890123456789"'
const SHORT_SIZE = { documents: 80, queries: 20, words: 30 }
/** Five chunks of 256 KiB each. */
const LONG_SIZE = { documents: 400, queries: 20, words: 550 }
/** Texts of the largest chunk. */
export const CHUNK_TEXTS = 80
/** Tasks that the second sweep reranks. */
const RERANKED = 4

type Stubs = Readonly<Record<string, LaunchStubOptions>>

/** Servers that workers start, each with vectors of its own length and a way of failing. `dead` fails in the quiet run, too. */
const PACE: LaunchStubOptions = { loadMs: 200, textMs: 3 }
/** Enough for a run of a minute and a half; one that hangs is given up only after two minutes. */
const SHORT: readonly string[] = ['steady', 'brittle', 'deaf', 'odd', 'dead']
const DEAD: LaunchStubOptions = { saysAtStart: 'fatal: no such model here' }
const STUBS: Stubs = {
  steady: { ...PACE, dim: 24 },
  slow: { ...PACE, dim: 25, loadMs: 3000 },
  stillborn: { ...PACE, dim: 26, dieAtStart: 2 },
  brittle: { ...PACE, dim: 27, dieAfter: 60, dieTimes: 3 },
  deaf: { ...PACE, dim: 28, ignoreTerm: true, grandchild: true },
  leaky: { ...PACE, dim: 29, leakMb: 2 },
  odd: { ...PACE, dim: 30, wrongDimension: 1 },
  narrow: { ...PACE, dim: 31, mostTexts: 12 },
  hanging: { ...PACE, dim: 32, hangAfter: 40, hangTimes: 1 },
  dead: DEAD,
  judge: { ...PACE, textMs: 1, loadMs: 500 },
}

export interface ChaosWorkOptions {
  readonly tasks: number
  /** All servers, or those of a short run. */
  readonly isLong: boolean
  readonly endpointUrl: string
  /** `infinity_emb`, and the model folder it serves; its texts are not counted. */
  readonly infinity: { readonly program: string; readonly model: string } | null
}

/** The sweep files of one run, and launchers files for a fleet whose servers fail and for one whose servers do not. */
export class ChaosWork {
  /** One sweep each; a sweep is called as its file. */
  readonly specs: string[]
  readonly quietLaunchers: string
  readonly lanes: readonly string[]
  /** Folder with a folder for each worker, with a file for each lane: a line for each text its servers answered. */
  readonly tally: string
  readonly #fleet: Fleet
  readonly #options: ChaosWorkOptions
  /** What Infinity serves. */
  readonly #model: string

  constructor(fleet: Fleet, options: ChaosWorkOptions) {
    const tasks = Array.from({ length: options.tasks }, (_, i) =>
      writeTask(fleet.path('tasks'), `T${i}`, { ...(options.isLong ? LONG_SIZE : SHORT_SIZE), seed: 7 + i }),
    )
    const names = Object.keys(STUBS).filter((name) => name !== 'judge' && (options.isLong || SHORT.includes(name)))
    this.lanes = [...names, 'judge', 'endpoint']
    this.tally = fleet.path('tally')
    this.#fleet = fleet
    this.#options = options
    this.#model = fleet.path('minilm')
    const stub = (name: string) =>
      `{ model: org/${name}, revision: ${REVISION}, recipe: { pooling: mean, normalize: true, similarity: cosine, dimensions: ${STUBS[name]?.dim ?? 32} }, engine: { launch: { name: ${name}, device: cpu, batch: 16 } } }`
    const models = [
      'local/pocket-static-en',
      'mteb/baseline-random-encoder',
      'mteb/baseline-bm25s',
      `{ model: acme/stub, engine: { openai: { url: "${options.endpointUrl}", batch: 16 } } }`,
      ...names.map(stub),
    ]
    const judge = `{ model: org/judge, revision: ${REVISION}, depth: 5, recipe: { head: server }, engine: { launch: { name: judge, dialect: rerank-api, device: cpu } } }`
    const write = (name: string, lines: readonly string[]) => {
      const path = fleet.path(`${name}.yaml`)
      writeFileSync(path, `sweep: ${name}\n${lines.join('\n')}\n`)
      return path
    }
    const listed = (paths: readonly string[]) => `tasks: [${paths.join(', ')}]`
    this.specs = [
      write('chaos', [
        listed(tasks),
        'models:',
        ...models.map((model) => `  - ${model}`),
        'matrix: { precision: [float32, binary] }',
      ]),
      write('reranked', [listed(tasks.slice(0, RERANKED)), `models: [${stub('steady')}]`, `matrix:\n  rerank: [none, ${judge}]`]),
    ]
    if (options.infinity) {
      // A copy: Infinity writes into the folder, and takes a quantised file wherever it finds one.
      cpSync(options.infinity.model, this.#model, { recursive: true, filter: (path) => !path.includes('_quantized') })
      const recipe = '{ pooling: mean, normalize: true, similarity: cosine, dimensions: 384, maxTokens: 128 }'
      const engine = `{ launch: { name: real-infinity, device: cpu, batch: 16, tokenizer: ${this.#model} } }`
      const model = `{ model: org/minilm, revision: ${REVISION}, recipe: ${recipe}, engine: ${engine} }`
      this.specs.push(write('infinity', [listed(tasks.slice(0, RERANKED)), `models: [${model}]`]))
    }
    const quiet = Object.keys(STUBS).map((name) => [name, name === 'dead' ? DEAD : { dim: STUBS[name]?.dim ?? 32 }])
    this.quietLaunchers = this.#write(fleet.path('quiet-launchers.yaml'), Object.fromEntries(quiet), options)
  }

  /** The launchers file of one worker: what its servers answer is counted as its own. */
  launchersOf(worker: string): string {
    const own = join(this.tally, worker)
    mkdirSync(own, { recursive: true })
    const failing = Object.entries(STUBS).map(([name, how]) => [
      name,
      { ...how, tally: join(own, name), state: this.#fleet.path('state', name) },
    ])
    return this.#write(this.#fleet.path(`launchers-${worker}.yaml`), Object.fromEntries(failing), this.#options)
  }

  #write(path: string, stubs: Stubs, { infinity }: ChaosWorkOptions): string {
    const file = JSON.parse(launchStubFile(stubs))
    file.launchers.judge.dialect = 'rerank-api'
    if (infinity) file.launchers['real-infinity'] = this.#infinity(infinity.program)
    writeFileSync(path, JSON.stringify(file))
    return path
  }

  /** The ONNX engine on the CPU; it pools by the first token unless told. */
  #infinity(program: string) {
    const what = ['--model-id', this.#model, '--served-model-name', '{served}', '--engine', 'optimum', '--pooling-method', 'mean']
    const where = ['--device', 'cpu', '--no-model-warmup', '--host', '127.0.0.1', '--port', '{port}', '--url-prefix', '/v1']
    const env = { DO_NOT_TRACK: '1', INFINITY_ANONYMOUS_USAGE_STATS: '0', HF_HUB_OFFLINE: '1' }
    return { command: [program, 'v2', ...what, ...where], ready: '/health', dialect: 'openai', base: '/v1', env }
  }
}
