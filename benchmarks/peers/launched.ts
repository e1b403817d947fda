/**
 * A real server of a known launcher: takes the command `models launch` prints, starts it as it is, and lets `consistency` compare
 * what it answers with our `onnx` engine over the built-in probe set. Ends with 1 where a cosine is not above 0.9999. Run with Node 24
 * from the repository's root:
 *
 *     node benchmarks/peers/launched.ts --engine vllm,device=cpu,dtype=float32 --program "/opt/vllm/bin/vllm serve" --model FOLDER
 *         [--served FOLDER] [--args="--enforce-eager"]
 *
 * FOLDER holds onnx/model.onnx; `--served` is the folder the server reads where that is another one (a GGUF file and a tokenizer.json).
 */
import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { freePort, waitUntil } from '@sweepboard/test-kit'

const COMMAND = fileURLToPath(new URL('../../apps/cli/bin/sweepboard.mjs', import.meta.url))
const LEAST_COSINE = 0.9999
const READY_MS = 10 * 60_000
const { values } = parseArgs({
  options: {
    engine: { type: 'string' },
    program: { type: 'string' },
    model: { type: 'string' },
    served: { type: 'string' },
    args: { type: 'string', default: '' },
  },
})
const { engine, program, model, served = model } = values
if (engine === undefined || program === undefined || model === undefined || served === undefined)
  throw new Error('--engine, --program and --model are needed')

function sweepboard(...args: string[]): { status: number | null; stdout: string } {
  return spawnSync(process.execPath, [COMMAND, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
}

interface Launch {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly url: string
  readonly ready: string
}

async function isReady(): Promise<boolean> {
  const answer = await fetch(launch.ready).catch(() => null)
  return answer?.status === 200
}

const port = await freePort()
const launch: Launch = JSON.parse(
  sweepboard('models', 'launch', served, '--engine', engine, '--port', String(port), '--json').stdout,
)
// The launcher's own program is one word, or two (`vllm serve`); what follows are its arguments.
const words = program.split(' ')
const own = launch.argv.slice(launch.argv.findIndex((word) => word.startsWith('-') || word === served))
const [file = '', ...args] = [...words, ...own, ...values.args.split(' ').filter(Boolean)]
const startedAt = performance.now()
const server = spawn(file, args, { detached: true, stdio: 'inherit', env: { ...process.env, ...launch.env } })
const ended = new Promise<void>((resolve) => server.once('close', () => resolve()))
try {
  await waitUntil(async () => server.exitCode !== null || (await isReady()), { deadlineMs: READY_MS, what: program })
  if (server.exitCode !== null) throw new Error(`${program} ended with ${server.exitCode}: see what it printed`)
  console.log(`ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
  const name = launch.argv[launch.argv.findIndex((word) => /^--(served-model-name|alias)$/.test(word)) + 1]
  const answer = sweepboard(
    ...['consistency', model, served, '--engine-b', `openai=${launch.url},model=${name}`],
    ...['--min-cosine', String(LEAST_COSINE), '--no-store'],
  )
  console.log(answer.stdout)
  process.exitCode = answer.status ?? 1
} finally {
  if (server.pid !== undefined && server.exitCode === null) process.kill(-server.pid, 'SIGTERM')
  await ended
}
