/**
 * A worker's lane of a Qwen3-shaped model beside the same model driven directly: what sweepboard costs a card. The worker starts
 * `server.py` (random weights of the real shape, PyTorch) through a launcher of its own, on `cuda:0`; `direct.py` then encodes
 * the same texts in one loop. Prints tokens/s of both, real/padded tokens and the share of time the model computed.
 *
 *     node benchmarks/gpu/lane.ts [--shape 0.6b|4b|8b|tiny] [--device cuda|cpu] [--documents 4000] [--python python3] [--keep DIR]
 *
 * Python needs torch and transformers. Run `0.6b` first, then `8b`. `tiny` on `cpu` only shows that the program runs.
 * Exit code 1 where the sweep fails.
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const MAIN = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url))
const DIMENSIONS = { tiny: 64, '0.6b': 1024, '4b': 2560, '8b': 4096 } as const
/** Parameters of the shapes, for the memory the lane asks for. */
const GIGABYTES = { tiny: 0.01, '0.6b': 1.2, '4b': 8, '8b': 15.1 } as const
type Shape = keyof typeof DIMENSIONS

const { values } = parseArgs({
  options: {
    shape: { type: 'string', default: '0.6b' },
    device: { type: 'string', default: 'cuda' },
    documents: { type: 'string', default: '4000' },
    python: { type: 'string', default: 'python3' },
    keep: { type: 'string' },
  },
})
const shape = values.shape as Shape
if (!Object.hasOwn(DIMENSIONS, shape)) throw new Error(`--shape is one of ${Object.keys(DIMENSIONS).join(', ')}`)

/** What the server counted; seconds of its own clock. */
interface ServerStats {
  readonly tokens: number
  readonly paddedTokens: number
  readonly busySeconds: number
  readonly spanSeconds: number
}
interface DirectRun {
  readonly loadSeconds: number
  readonly seconds: number
  readonly tokens: number
  readonly paddedTokens: number
}

/** Texts of 40 to 2,000 bytes, as passages are: the same ones every time. */
function makeTexts(count: number): string[] {
  let state = 7
  const next = () => {
    state = (state * 48_271) % 2_147_483_647
    return state
  }
  return Array.from({ length: count }, (_, i) => {
    const words = 8 + (next() % 40) * (1 + (next() % 8))
    return [...Array.from({ length: words }, () => `w${(next() % 2000).toString(36)}`), `d${i}`].join(' ').slice(0, 2000)
  })
}

function writeTask(folder: string, texts: readonly string[]): void {
  mkdirSync(join(folder, 'qrels'), { recursive: true })
  const rows = (all: readonly string[], letter: string) =>
    all.map((text, i) => `${JSON.stringify({ _id: `${letter}${i}`, text })}\n`).join('')
  const queries = texts.slice(0, 32).map((text, i) => `${text.slice(0, 40)} q${i}`)
  writeFileSync(join(folder, 'corpus.jsonl'), rows(texts, 'd'))
  writeFileSync(join(folder, 'queries.jsonl'), rows(queries, 'q'))
  const judgments = queries.map((_, i) => `q${i}\td${i}\t1\n`).join('')
  writeFileSync(join(folder, 'qrels', 'test.tsv'), `query-id\tcorpus-id\tscore\n${judgments}`)
}

const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'sweepboard-gpu-'))
mkdirSync(folder, { recursive: true })
const stats = join(folder, 'stats.json')
const slot = values.device === 'cpu' ? 'cpu' : 'cuda:0'
const texts = makeTexts(Number(values.documents))
writeTask(join(folder, 'Lane'), texts)
writeFileSync(join(folder, 'texts.json'), JSON.stringify(texts))
const command = [values.python, join(HERE, 'server.py'), '--port', '{port}', '--shape', shape, '--device', values.device]
const launchers = {
  launchers: {
    'torch-qwen3': {
      command: [...command, '--stats', stats],
      ready: '/health',
      version: { path: '/version', member: 'version' },
      dialect: 'openai',
      base: '/v1',
      devices: ['cuda', 'cpu'],
    },
  },
}
const spec = {
  sweep: 'gpu-lane',
  tasks: ['./Lane'],
  models: [
    {
      model: `bench/qwen3-shape-${shape}`,
      revision: 'random-weights-0',
      engine: {
        launch: {
          name: 'torch-qwen3',
          device: values.device,
          dtype: values.device === 'cpu' ? 'float32' : 'bfloat16',
          concurrency: 8,
          batch: 64,
        },
      },
      recipe: { dimensions: DIMENSIONS[shape], similarity: 'cosine', normalize: true },
    },
  ],
}
// JSON is YAML.
writeFileSync(join(folder, 'launchers.yaml'), JSON.stringify(launchers))
writeFileSync(join(folder, 'sweep.yaml'), JSON.stringify(spec))

try {
  const sweep = await runSweep()
  const told = JSON.parse(readFileSync(stats, 'utf8')) as ServerStats
  const args = [join(HERE, 'direct.py'), join(folder, 'texts.json'), '--shape', shape, '--device', values.device]
  const direct = JSON.parse(
    execFileSync(values.python, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }),
  ) as DirectRun
  show({ sweep, told, direct })
} finally {
  if (values.keep === undefined) rmSync(folder, { recursive: true, force: true })
}

/** Seconds of the whole command. */
async function runSweep(): Promise<number> {
  const began = performance.now()
  const args = ['run', join(folder, 'sweep.yaml'), '--launchers', join(folder, 'launchers.yaml'), '--slots', slot]
  const child = spawn(process.execPath, [MAIN, ...args, '--data', join(folder, 'data'), '--no-serve', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout })) {
    if ((JSON.parse(line) as { event?: string }).event === 'done') console.error(line)
  }
  const code = child.exitCode ?? (await new Promise<number>((resolve) => child.once('exit', (given) => resolve(given ?? 1))))
  if (code !== 0) {
    process.exitCode = 1
    throw new Error(`the sweep ended with ${code}`)
  }
  return (performance.now() - began) / 1000
}

function show({ sweep, told, direct }: { sweep: number; told: ServerStats; direct: DirectRun }): void {
  const ours = told.tokens / told.spanSeconds
  const theirs = direct.tokens / direct.seconds
  const text = [
    `Qwen3 shape ${shape} (${GIGABYTES[shape]} GB in half precision) on ${values.device}, ${texts.length} documents, ${direct.tokens} tokens (bytes)`,
    `through the sweep: ${ours.toFixed(0)} tokens/s while the lane served, real/padded ${(told.tokens / told.paddedTokens).toFixed(3)}, model busy ${(100 * (told.busySeconds / told.spanSeconds)).toFixed(1)} % of it; ${sweep.toFixed(1)} s in all, loading and scoring included`,
    `driven directly:   ${theirs.toFixed(0)} tokens/s, real/padded ${(direct.tokens / direct.paddedTokens).toFixed(3)}, loaded in ${direct.loadSeconds.toFixed(1)} s`,
    `ratio ${(ours / theirs).toFixed(3)}`,
  ]
  console.log(text.join('\n'))
  console.log(JSON.stringify({ shape, device: values.device, sweepSeconds: sweep, server: told, direct, ratio: ours / theirs }))
}
