import { createHash } from 'node:crypto'
import { createReadStream, type Stats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson, type Digest, type Load, SweepError, sha256 } from '@sweepboard/contracts'
import { isModelFile, modelFolders } from '../model-weights.ts'

/** Files beside the weights that change what a server computes. */
const COMPANIONS = [
  'config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'modules.json',
  'sentence_bert_config.json',
  'config_sentence_transformers.json',
  '1_Pooling/config.json',
]

/** Weights of a folder as a server reads them. */
export interface LaunchWeights {
  /** SHA-256 over the sorted (relative name, SHA-256) of weights and companions. */
  readonly digest: Digest
  readonly sizeBytes: number
  /** The one file a server is given (GGUF; the first of its parts); null where it is given the folder. */
  readonly file: string | null
}

/**
 * Weights files of a folder, relative and sorted: the GGUF file (all its parts) that `file` names whole or in part, the only one where
 * it is null; else safetensors, else `pytorch_model*.bin`.
 * @throws SweepError `SB-MODEL-001` when there is none, or several fit
 */
export async function weightsFiles(folder: string, given: { isGguf: boolean; file: string | null }): Promise<string[]> {
  const names = (await readdir(folder).catch(() => [])).sort()
  if (!given.isGguf) {
    const safe = names.filter((name) => name.endsWith('.safetensors'))
    const found = safe.length > 0 ? safe : names.filter((name) => /^pytorch_model.*\.bin$/.test(name))
    if (found.length === 0) throw new SweepError('SB-MODEL-001', { path: `${folder} with *.safetensors` })
    return found
  }
  const all = names.filter((name) => name.endsWith('.gguf'))
  const wanted = given.file?.toLowerCase() ?? ''
  const exact = all.filter((name) => partOf(name) === partOf(wanted))
  const fitting = exact.length > 0 ? exact : all.filter((name) => partOf(name).includes(partOf(wanted)))
  const wholes = new Set(fitting.map((name) => name.replace(/-\d{5}-of-\d{5}\.gguf$/, '.gguf')))
  if (wholes.size !== 1) {
    const about =
      wholes.size === 0 ? `there are ${all.join(', ') || 'none'}` : `${[...wholes].join(', ')} fit: name one as \`file\``
    throw new SweepError('SB-MODEL-001', { path: `${folder} with one ${given.file ?? '*'}.gguf (${about})` })
  }
  return fitting
}

/** A GGUF's name without what every one has, its parts' numbers too. */
function partOf(name: string): string {
  return name.toLowerCase().replace(/(-\d{5}-of-\d{5})?\.gguf$/, '')
}

/** Digest and size of a folder's weights; files are streamed. Throws as `weightsFiles`. */
export async function readLaunchWeights(folder: string, given: { isGguf: boolean; file: string | null }): Promise<LaunchWeights> {
  const weights = await weightsFiles(folder, given)
  const entries: (readonly [string, Digest])[] = []
  let sizeBytes = 0
  for (const name of [...weights, ...COMPANIONS].sort()) {
    const found = await stat(join(folder, name)).catch(() => null)
    if (found === null) continue
    entries.push([name, await fileDigest(join(folder, name), found)])
    if (weights.includes(name)) sizeBytes += found.size
  }
  return { digest: sha256(canonicalJson(entries)), sizeBytes, file: given.isGguf ? (weights[0] as string) : null }
}

/**
 * The folder on this host that a launched load's server is given: null for a hub id, which the server reads itself; else where the plan
 * saw it, or below `modelsRoot`, by digest.
 * @throws SweepError `SB-MODEL-001` when no folder has its weights, `SB-MODEL-009` when the planned one has others
 */
export async function launchFolder(load: Load, modelsRoot: string | undefined): Promise<string | null> {
  const { weights, options } = load.identity
  if (weights === null) return null
  const file = typeof options.file === 'string' ? options.file : null
  const planned = load.open.folder
  if (file !== null && !isModelFile(file)) throw new SweepError('SB-MODEL-001', { path: file })
  const below = modelsRoot === undefined ? [] : await modelFolders(modelsRoot)
  let changed: string | null = null
  for (const folder of new Set([...(planned === null ? [] : [planned]), ...below])) {
    const found = await readLaunchWeights(folder, { isGguf: file !== null, file }).catch(() => null)
    if (found?.digest === weights) return folder
    if (found !== null && folder === planned) changed = found.digest
  }
  if (changed !== null)
    throw new SweepError('SB-MODEL-009', { path: planned, found: changed.slice(0, 12), wanted: weights.slice(0, 12) })
  throw new SweepError('SB-MODEL-001', { path: planned ?? modelsRoot ?? load.model })
}

/** Digests of files this process has read, by path, size and time of change: a server that is started again waits for no second reading. */
const READ = new Map<string, Digest>()

async function fileDigest(path: string, { size, mtimeMs }: Stats): Promise<Digest> {
  const key = `${path} ${size} ${mtimeMs}`
  const known = READ.get(key)
  if (known !== undefined) return known
  const hash = createHash('sha256')
  for await (const part of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(part as Buffer)
  const digest = hash.digest('hex')
  READ.set(key, digest)
  return digest
}
