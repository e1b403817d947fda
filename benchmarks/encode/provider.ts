/**
 * onnx on another execution provider beside the CPU: smallest cosine of their vectors over SciFact documents.
 * Run: node benchmarks/encode/provider.ts cuda|webgpu [model folder] [documents] [device]
 * Starts itself again with the variables the provider needs (TF32 off, one device). Exits with 1 below 0.999. A host without
 * the provider gives SB-MODEL-011.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { openEngine, providerEnvironment, resolveModel } from '@sweepboard/models'

const SHARED = new URL('../../../shared/', import.meta.url)
const LEAST = 0.999
const MARK = 'SWEEPBOARD_PROVIDER_BENCHMARK'
const [provider = 'cuda', folder = fileURLToPath(new URL('models/all-MiniLM-L6-v2', SHARED)), count = '500', device] =
  process.argv.slice(2)

if (process.env[MARK] === undefined) {
  const env = { ...process.env, ...providerEnvironment(provider, device), [MARK]: '1' }
  process.exitCode = spawnSync(process.execPath, process.argv.slice(1), { env, stdio: 'inherit' }).status ?? 1
} else {
  const lines = readFileSync(new URL('datasets/SciFact/corpus.jsonl', SHARED), 'utf8').split('\n').slice(0, Number(count))
  const texts = lines.map((line) => JSON.parse(line)).map((row) => `${row.title} ${row.text}`.trim())
  const [cpu, other] = [await encode('cpu', texts), await encode(provider, texts)]
  const cosines = texts.map((_, i) => cosine(rowOf(cpu, i), rowOf(other, i)))
  const least = Math.min(...cosines)
  console.log(`${texts.length} texts, smallest cosine ${least.toFixed(7)}, ${least > LEAST ? 'ok' : 'FAR'}`)
  if (!(least > LEAST)) process.exitCode = 1
}

async function encode(name: string, texts: readonly string[]) {
  const source = { model: folder, engine: { onnx: { provider: name } } }
  const { load, recipe } = await resolveModel(source, { baseDir: process.cwd() })
  const engine = await openEngine(load)
  try {
    const began = performance.now()
    const { vectors, counts } = await engine.encode(recipe.document, texts)
    const seconds = (performance.now() - began) / 1000
    const speed = Math.round(counts.tokenCount / seconds)
    console.log(
      `${engine.provider}: loaded in ${engine.loadSeconds.toFixed(1)} s, ${speed} tokens/s, ${counts.batchCount} batches`,
    )
    return vectors
  } finally {
    await engine.close()
  }
}

function rowOf({ values, dim }: { values: Float32Array; dim: number }, i: number): Float32Array {
  return values.subarray(i * dim, (i + 1) * dim)
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, member, j) => sum + member * (y[j] as number), 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}
