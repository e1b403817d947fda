/**
 * A real peer: starts Infinity (PyPI, ONNX on the CPU) on the local all-MiniLM-L6-v2 and compares its vectors, asked
 * through our `openai` engine, with those of our `onnx` engine on the same texts. Ends with 1 where a cosine is below
 * 0.9999. Run with Node 24 from the repository's root:
 *
 *     node benchmarks/peers/infinity.ts [--venv /tmp/sweepboard-infinity] [--model ../shared/models/all-MiniLM-L6-v2]
 *
 * The environment is made by pip on the first run (about 5 GB: PyPI's torch brings CUDA along).
 */
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { SideRecipe } from '@sweepboard/contracts'
import { openEngine, resolveModel } from '@sweepboard/models'
import { freePort, waitUntil } from '@sweepboard/test-kit'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const SHARED = fileURLToPath(new URL('../../../shared/', import.meta.url))
const LEAST_COSINE = 0.9999
const { values } = parseArgs({
  options: {
    venv: { type: 'string', default: '/tmp/sweepboard-infinity' },
    model: { type: 'string', default: join(SHARED, 'models/all-MiniLM-L6-v2') },
  },
})

function install(venv: string): void {
  if (existsSync(join(venv, 'bin/infinity_emb'))) return
  const made = spawnSync('python3', ['-m', 'venv', venv], { stdio: 'inherit' })
  const pip = ['install', '--no-compile', '-r', join(HERE, 'infinity.requirements.txt')]
  if (made.status !== 0 || spawnSync(join(venv, 'bin/pip'), pip, { stdio: 'inherit' }).status !== 0)
    throw new Error('Infinity could not be installed from PyPI')
}

/** Infinity on a free port, answering; `stop` ends it. */
async function startInfinity(venv: string, model: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const port = await freePort()
  // Its ONNX engine pools by the first token unless told: mean cosine to the right vectors 0.44 on this model.
  const flags = [
    '--pooling-method',
    'mean',
    '--served-model-name',
    basename(model),
    '--engine',
    'optimum',
    '--device',
    'cpu',
    '--no-model-warmup',
  ]
  const place = ['--host', '127.0.0.1', '--port', String(port), '--url-prefix', '/v1']
  const child = spawn(join(venv, 'bin/infinity_emb'), ['v2', '--model-id', model, ...flags, ...place], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      INFINITY_ANONYMOUS_USAGE_STATS: '0',
      DO_NOT_TRACK: '1',
      HF_HUB_OFFLINE: '1',
      INFINITY_LOG_LEVEL: 'error',
    },
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const url = `http://127.0.0.1:${port}/v1`
  const stop = async () => {
    child.kill()
    await ended
  }
  await waitUntil(async () => (await fetch(`${url}/models`)).ok, { deadlineMs: 180_000, what: 'Infinity' }).catch(
    async (error) => {
      await stop()
      throw error
    },
  )
  return { url, stop }
}

/** Cosine of each text's two vectors. */
function cosines(a: Float32Array, b: Float32Array, dim: number): number[] {
  return Array.from({ length: a.length / dim }, (_, row) => {
    let [dot, squaresA, squaresB] = [0, 0, 0]
    for (let j = row * dim; j < (row + 1) * dim; j += 1) {
      const [x, y] = [a[j] as number, b[j] as number]
      dot += x * y
      squaresA += x * x
      squaresB += y * y
    }
    return dot / Math.sqrt(squaresA * squaresB)
  })
}

interface ProbeText {
  readonly id: string
  readonly kind: string
  readonly text: string
}
const golden: { texts: ProbeText[] } = JSON.parse(readFileSync(join(SHARED, 'golden/models/texts.json'), 'utf8'))
const texts = golden.texts.filter(({ text }) => text.trim() !== '')
install(values.venv)
// A copy: Infinity writes into the folder, and takes a quantised file wherever it finds one (those move vectors by their batch).
const folder = join(mkdtempSync(join(tmpdir(), 'sweepboard-peer-')), basename(values.model))
cpSync(values.model, folder, { recursive: true, filter: (path) => !path.endsWith('_quantized.onnx') })
const infinity = await startInfinity(values.venv, folder)
try {
  const own = await resolveModel({ model: values.model, engine: 'onnx' }, { baseDir: process.cwd() })
  const remote = await resolveModel(
    { model: values.model, engine: { openai: { url: infinity.url } } },
    { baseDir: process.cwd() },
  )
  const side = SideRecipe.parse(own.recipe.document)
  const results = []
  for (const { load, recipe } of [own, remote]) {
    const engine = await openEngine(load)
    const { vectors, counts } = await engine.encode(
      recipe.document,
      texts.map(({ text }) => text),
    )
    console.log(`${engine.engine} (${engine.version}; ${engine.provider}): ${JSON.stringify(counts)}`)
    results.push(vectors)
    await engine.close()
  }
  const [a, b] = results as [(typeof results)[0], (typeof results)[0]]
  const all = cosines(a.values, b.values, a.dim)
  const worst = all.map((cosine, i) => ({ cosine, ...(texts[i] as ProbeText) })).sort((x, y) => x.cosine - y.cosine)
  const mean = all.reduce((sum, cosine) => sum + cosine, 0) / all.length
  console.log(
    `${all.length} texts, ${side.maxTokens} tokens at most: cosine mean ${mean.toFixed(7)}, least ${worst[0]?.cosine.toFixed(7)}`,
  )
  for (const { cosine, id, kind, text } of worst.slice(0, 5))
    console.log(`  ${cosine.toFixed(7)} ${id} ${kind} ${JSON.stringify(text.slice(0, 60))}`)
  process.exitCode = (worst[0]?.cosine ?? 0) > LEAST_COSINE ? 0 : 1
} finally {
  await infinity.stop()
  rmSync(join(folder, '..'), { recursive: true })
}
