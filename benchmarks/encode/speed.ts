/**
 * Our onnx engine beside sentence-transformers and beside onnxruntime in Python with ideal batches: MiniLM fp32, SciFact
 * documents, tokenising included. Rounds alternate between the three, so that other work on the machine meets all alike.
 * Run: node benchmarks/encode/speed.ts [documents] [rounds] [threads] [python]
 * `python` has sentence-transformers, onnx and onnxruntime (`pip install sentence-transformers onnxruntime onnx`). Wanted:
 * 1.5 x the first, 1.0 x the second, real/padded tokens 0.95; exits with 1 where vectors differ.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { openEngine, resolveModel } from '@sweepboard/models'
import * as ort from 'onnxruntime-node'
import { openTextTokenizer } from '../../packages/models/src/text-tokenizer.ts'
import { inChunks, MINILM, median, sciFactTexts } from './corpus.ts'

const LEAST_COSINE = 0.9999
const PEERS = ['sentence-transformers', 'onnxruntime'] as const
const [documents = 1000, rounds = 3, threads = 2] = process.argv.slice(2, 5).map(Number)
const python = process.argv[5] ?? 'python3'

interface Round {
  readonly seconds: number
  /** Of all threads, waiting ones that spin included. */
  readonly cpuSeconds: number
  readonly tokenizeSeconds: number
  readonly runSeconds?: number
  readonly tokens?: number
  readonly paddedTokens?: number
}

const texts = sciFactTexts(documents)
const chunks = inChunks(texts)
let runSeconds = 0
const sessions = (ort.InferenceSession as unknown as { prototype: ort.InferenceSession }).prototype
const { run } = sessions
sessions.run = async function timed(this: ort.InferenceSession, ...given: Parameters<typeof run>) {
  const began = performance.now()
  const result = await run.apply(this, given)
  runSeconds += (performance.now() - began) / 1000
  return result
} as typeof run

const { load, recipe } = await resolveModel({ model: MINILM }, { baseDir: process.cwd() })
const engine = await openEngine(load, { threads })
const tokenizer = await openTextTokenizer(MINILM, load.model)
const values = new Float32Array(texts.length * recipe.dimensions)
const folder = mkdtempSync(join(tmpdir(), 'sweepboard-encode-'))
const peers: Peer[] = []
try {
  writeFileSync(join(folder, 'texts.json'), JSON.stringify(texts))
  for (const name of PEERS) peers.push(await startPeer(name))
  await encode(chunks.slice(0, 1))
  const told = new Map<string, Round[]>(['sweepboard', ...PEERS].map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    told.get('sweepboard')?.push(await encode(chunks))
    for (const peer of peers) told.get(peer.name)?.push(await peer.encode())
    console.log(
      `round ${round + 1}, load ${loadavg()[0]?.toFixed(1)}: ${[...told].map(([name, all]) => `${name} ${all[round]?.seconds.toFixed(2)} s`).join(', ')}`,
    )
  }
  show(told)
} finally {
  for (const peer of peers) peer.stop()
  await engine.close()
  rmSync(folder, { recursive: true })
}

async function encode(some: readonly (readonly string[])[]): Promise<Round> {
  const [at, tokens, paddedTokens] = [{ row: 0 }, { sum: 0 }, { sum: 0 }]
  runSeconds = 0
  const [began, cpu] = [performance.now(), process.cpuUsage()]
  for (const [i, chunk] of some.entries()) {
    const { vectors, counts } = await engine.encode(recipe.document, chunk, { ahead: some[i + 1] })
    values.set(vectors.values, at.row * vectors.dim)
    at.row += chunk.length
    tokens.sum += counts.tokenCount
    paddedTokens.sum += counts.paddedTokenCount
  }
  const seconds = (performance.now() - began) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const ran = runSeconds
  const read = tokenizer.reader(recipe.document)
  const tokenizing = performance.now()
  for (const chunk of some) for (const text of chunk) read(text)
  const tokenizeSeconds = (performance.now() - tokenizing) / 1000
  return {
    seconds,
    cpuSeconds: (user + system) / 1e6,
    tokenizeSeconds,
    runSeconds: ran,
    tokens: tokens.sum,
    paddedTokens: paddedTokens.sum,
  }
}

interface Peer {
  readonly name: string
  readonly version: string
  encode(): Promise<Round>
  stop(): void
}

async function startPeer(name: string): Promise<Peer> {
  const script = fileURLToPath(new URL('peers.py', import.meta.url))
  const args = [script, name, MINILM, join(folder, 'texts.json'), String(threads), folder]
  const child: ChildProcess = spawn(python, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
  const next = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`${name} ended; its environment is ${python}`)
    return JSON.parse(value)
  }
  const { version } = await next()
  const ask = () => {
    child.stdin?.write('encode\n')
    return next()
  }
  return { name, version, encode: ask, stop: () => child.stdin?.end() }
}

function show(told: ReadonlyMap<string, readonly Round[]>): void {
  const own = told.get('sweepboard') as readonly Round[]
  const tokens = own[0]?.tokens as number
  console.log(`${texts.length} documents, ${tokens} tokens, ${threads} threads of ${cpus().length} x ${cpus()[0]?.model}`)
  for (const [name, all] of told) {
    const of = (member: keyof Round) => median(all.map((round) => round[member] ?? Number.NaN))
    const version = peers.find((peer) => peer.name === name)?.version ?? `onnxruntime-node ${engine.version}`
    const parts = [
      `${of('seconds').toFixed(2)} s (CPU ${of('cpuSeconds').toFixed(2)} s)`,
      `${Math.round(tokens / of('seconds'))} tokens/s`,
    ]
    parts.push(`tokenising alone ${of('tokenizeSeconds').toFixed(2)} s`)
    if (all[0]?.runSeconds !== undefined) {
      parts.push(`outside run() ${(100 * (1 - of('runSeconds') / of('seconds'))).toFixed(1)} %`)
      parts.push(`real/padded ${(of('tokens') / of('paddedTokens')).toFixed(3)}`)
    }
    console.log(`${name} (${version}): ${parts.join(', ')}`)
  }
  for (const { name } of peers) {
    const all = told.get(name) as readonly Round[]
    const ratios = (member: 'seconds' | 'cpuSeconds') => all.map((round, i) => round[member] / (own[i] as Round)[member])
    const [time, cpu] = [ratios('seconds'), ratios('cpuSeconds')]
    const far = leastCosine(name)
    console.log(
      `ours is ${median(time).toFixed(2)} x ${name} (rounds ${time.map((one) => one.toFixed(2)).join(', ')}), by CPU ${median(cpu).toFixed(2)} x; smallest cosine ${far.toFixed(6)}`,
    )
    if (!(far > LEAST_COSINE)) process.exitCode = 1
  }
}

/** Unit vectors on both sides. */
function leastCosine(name: string): number {
  const theirs = new Float32Array(new Uint8Array(readFileSync(join(folder, `${name}.f32`))).buffer)
  const dim = recipe.dimensions
  return Math.min(
    ...texts.map((_, i) => {
      let sum = 0
      for (let j = i * dim; j < (i + 1) * dim; j++) sum += (values[j] as number) * (theirs[j] as number)
      return sum
    }),
  )
}
