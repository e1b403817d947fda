import { basename } from 'node:path'
import { type Load, SweepError } from '@sweepboard/contracts'
import { readJson } from './folder-config.ts'
import type { OnnxChoice } from './model-source.ts'
import { onnxFiles, readModelWeights } from './model-weights.ts'
import { assertExternalData } from './onnx-external.ts'
import { assertWholeOnnx } from './onnx-file.ts'
import { PROVIDERS } from './onnx-provider-name.ts'
import { servedBytes } from './recipe-memory.ts'
import { openTextTokenizer, type TextTokenizer } from './text-tokenizer.ts'
import { batchPaddedTokens } from './token-batches.ts'

/** transformers.js' file suffixes by dtype. */
const SUFFIX: Readonly<Record<string, string>> = {
  fp32: '',
  fp16: '_fp16',
  int8: '_int8',
  uint8: '_uint8',
  q8: '_quantized',
  q4: '_q4',
  q4f16: '_q4f16',
  bnb4: '_bnb4',
}
const DTYPE_NAME: Readonly<Record<string, string>> = { fp32: 'float32', fp16: 'float16', q8: 'int8' }

/** One ONNX file of a model folder, as far as embedding models and rerankers are alike. */
export interface OnnxVariant {
  readonly digest: string
  readonly identity: Omit<Load['identity'], 'options'>
  readonly options: Load['identity']['options']
  readonly open: Load['open']
  readonly memoryBytes: number
  readonly warnings: readonly string[]
  readonly tokenizer: TextTokenizer
}

/**
 * Chooses a folder's ONNX file by name or dtype and reads what identifies it. Its tokenizer must be the model's own.
 * @throws SweepError `SB-MODEL-001` when the folder has no such file, `SB-MODEL-002` when it or its external data is cut or absent, `SB-MODEL-003` for the
 *   tokenizer, `SB-SPEC-004` for a dtype or provider of no known name
 */
export async function readOnnxVariant(model: string, folder: string, onnx: OnnxChoice): Promise<OnnxVariant> {
  const provider = onnx.provider ?? 'cpu'
  if (!PROVIDERS.some((name) => name === provider))
    throw new SweepError('SB-SPEC-004', { path: 'engine.onnx.provider', message: `must be one of ${PROVIDERS.join(', ')}` })
  const file = await chooseFile(folder, onnx)
  await assertWholeOnnx(folder, file)
  await assertExternalData(folder, file)
  const tokenizer = await openTextTokenizer(folder, model)
  const weights = await readModelWeights(folder, file)
  const dtype = weights.isDynamicallyQuantised ? 'int8' : dtypeOf(file, onnx)
  const options: Load['identity']['options'] = { file, batchPaddedTokens: batchPaddedTokens(provider, dtype) }
  if (weights.isDynamicallyQuantised) options.batchTexts = 1
  return {
    digest: weights.digest,
    identity: { engine: 'onnx', weights: weights.digest, dtype, provider, fingerprint: null },
    options,
    open: { folder, file, url: null, keyVariable: null, concurrency: 1, batchTexts: 1024, timeoutMs: 60_000 },
    memoryBytes: servedBytes(weights.sizeBytes, 'onnx') as number,
    warnings: [
      ...(weights.isDynamicallyQuantised ? [`${model} (${file}) scales activations by batch: its texts run one by one`] : []),
      ...(await foreignTokenizer(model, folder, tokenizer)),
    ],
    tokenizer,
  }
}

async function chooseFile(folder: string, onnx: OnnxChoice): Promise<string> {
  const suffix = SUFFIX[onnx.dtype ?? 'fp32']
  if (suffix === undefined) {
    const message = `must be one of ${Object.keys(SUFFIX).join(', ')}`
    throw new SweepError('SB-SPEC-004', { path: 'engine.onnx.dtype', message })
  }
  const files = await onnxFiles(folder)
  const wanted = onnx.file === undefined ? [`onnx/model${suffix}.onnx`, `model${suffix}.onnx`] : [onnx.file]
  const found = wanted.find((name) => files.includes(name))
  if (found === undefined) {
    const there = files.length > 0 ? ` (there are ${files.join(', ')})` : ''
    throw new SweepError('SB-MODEL-001', { path: `${folder}/${wanted[0]}${there}` })
  }
  return found
}

/** Rows of a model's vocabulary that its tokenizer may leave unused, as a share; more say that it is another model's. */
const UNUSED_ROWS = 0.2

async function foreignTokenizer(model: string, folder: string, { maxId }: TextTokenizer): Promise<string[]> {
  const rows = (await readJson(folder, 'config.json'))?.vocab_size
  if (typeof rows !== 'number' || maxId + 1 >= rows * (1 - UNUSED_ROWS)) return []
  return [`${model}: its tokenizer knows ${maxId + 1} tokens, its config.json ${rows}: is it the tokenizer of this model?`]
}

function dtypeOf(file: string, onnx: OnnxChoice): string {
  const stem = basename(file, '.onnx')
  const suffix = Object.values(SUFFIX).find((end) => end !== '' && stem.endsWith(end))
  const name = onnx.dtype ?? Object.keys(SUFFIX).find((key) => SUFFIX[key] === (suffix ?? '')) ?? 'fp32'
  return DTYPE_NAME[name] ?? name
}
