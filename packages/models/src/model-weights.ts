import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { canonicalJson, type Digest, isBelow, sha256 } from '@sweepboard/contracts'
import { externalFiles } from './onnx-external.ts'

/** Operators that scale activations by batch: their presence makes a text's vector depend on its batch-mates. */
const DYNAMIC_OPERATORS = ['DynamicQuantizeLinear', 'DynamicQuantizeMatMul', 'DynamicQuantizeLSTM', 'MatMulInteger'].map((name) =>
  Buffer.from(name),
)
const OVERLAP = 32
const COMPANIONS = ['config.json', 'tokenizer.json', 'tokenizer_config.json']

export interface ModelWeights {
  /** SHA-256 over the sorted (relative name, SHA-256) of the files that decide vectors. */
  readonly digest: Digest
  readonly sizeBytes: number
  readonly isDynamicallyQuantised: boolean
}

/**
 * Digest of one ONNX variant of a model folder: the ONNX file, its external data (`<file>_data`, `<file>.data`, what its weights name), config.json
 * and the tokenizer. Pooling, lengths and prompts are not in it: they are the recipe's. Files are streamed.
 * @param file ONNX file relative to `folder`, with `/`
 */
export async function readModelWeights(folder: string, file: string): Promise<ModelWeights> {
  const names = [...(await onnxParts(folder, file)), ...(await existing(folder, COMPANIONS))].sort()
  const entries: (readonly [string, Digest])[] = []
  let sizeBytes = 0
  let isDynamicallyQuantised = false
  for (const name of names) {
    const scan = await hashFile(join(folder, name), name === file)
    entries.push([name, scan.digest])
    if (!COMPANIONS.includes(name)) sizeBytes += scan.sizeBytes
    isDynamicallyQuantised ||= scan.hasDynamicOperator
  }
  return { digest: sha256(canonicalJson(entries)), sizeBytes, isDynamicallyQuantised }
}

/** Whether a file that a plan names can be one of a model: plans come from outside, and what a file's bytes are is told of models only. */
export function isModelFile(file: string): boolean {
  return /\.(onnx|gguf)$/.test(file) && isBelow(file)
}

/** A model variant found on this host. */
export interface WeightsAt {
  readonly folder: string
  /** ONNX or GGUF file relative to `folder`; `.` where a server is given the folder. */
  readonly file: string
  readonly digest: Digest
}

/** Every ONNX variant below `root`: `root` itself, its folders and theirs (`<org>/<model>`). */
export async function onnxWeightsUnder(root: string): Promise<WeightsAt[]> {
  const found: WeightsAt[] = []
  for (const folder of await modelFolders(root)) {
    for (const file of await onnxFiles(folder))
      found.push({ folder, file, digest: (await readModelWeights(folder, file)).digest })
  }
  return found
}

/** Folders with a tokenizer.json or a GGUF file at `root`, one or two levels down, in order of their names. */
export async function modelFolders(root: string, depth = 2): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => [])
  if (entries.some(({ name }) => name === 'tokenizer.json' || name.endsWith('.gguf'))) return [root]
  if (depth === 0) return []
  const names = entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map((entry) => entry.name)
  const nested = await Promise.all(names.sort().map((name) => modelFolders(join(root, name), depth - 1)))
  return nested.flat()
}

/** ONNX files of a folder, relative, in `onnx/` and at its top. */
export async function onnxFiles(folder: string): Promise<string[]> {
  const list = async (below: string) =>
    (await readdir(join(folder, below)).catch(() => [])).filter((name) => name.endsWith('.onnx')).sort()
  return [...(await list('onnx')).map((name) => `onnx/${name}`), ...(await list('.'))]
}

async function onnxParts(folder: string, file: string): Promise<string[]> {
  const below = dirname(file)
  const names = await readdir(join(folder, below))
  const parts = names.map((name) => (below === '.' ? name : `${below}/${name}`))
  const named = parts.filter((name) => name === file || name.startsWith(`${file}_data`) || name.startsWith(`${file}.data`))
  const elsewhere = (await externalFiles(folder, file)).map(({ name }) => name).filter((name) => !name.startsWith('../'))
  return [...new Set([...named, ...(await existing(folder, elsewhere))])]
}

async function existing(folder: string, names: readonly string[]): Promise<string[]> {
  const present = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        () => true,
        () => false,
      ),
    ),
  )
  return names.filter((_, i) => present[i])
}

async function hashFile(
  path: string,
  isScanned: boolean,
): Promise<{ digest: Digest; sizeBytes: number; hasDynamicOperator: boolean }> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  let hasDynamicOperator = false
  let tail: Buffer = Buffer.alloc(0)
  for await (const part of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    hash.update(part)
    sizeBytes += part.length
    if (isScanned && !hasDynamicOperator) {
      const window = Buffer.concat([tail, part])
      hasDynamicOperator = DYNAMIC_OPERATORS.some((name) => window.includes(name))
      tail = window.subarray(-OVERLAP)
    }
  }
  return { digest: hash.digest('hex'), sizeBytes, hasDynamicOperator }
}
