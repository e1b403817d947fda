import { basename } from 'node:path'
import { type Load, loadKey, SweepError } from '@sweepboard/contracts'
import { SHIPPED_MODELS } from './built-in-models.ts'
import { readFolderConfig } from './folder-config.ts'
import { composeRecipe } from './folder-recipe.ts'
import type { ModelInfo, ModelSource, OnnxChoice } from './model-source.ts'
import { onnxFiles, readModelWeights } from './model-weights.ts'
import { assertWholeOnnx } from './onnx-file.ts'
import { openTextTokenizer } from './text-tokenizer.ts'
import { BATCH_PADDED_TOKENS } from './token-batches.ts'

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
/** Activations of a batch, the tokenizer and the runtime itself, beside the weights. */
const RUNTIME_BYTES = 256 * 2 ** 20

/**
 * A model folder in transformers.js layout as load and recipe.
 * @throws SweepError `SB-MODEL-001` when it has no such ONNX file, `SB-MODEL-004` when the recipe is not whole,
 *   `SB-MODEL-002` when the ONNX file is cut, `SB-MODEL-003` when the tokenizer is not this model's
 */
export async function resolveFolder(input: { source: ModelSource; folder: string; onnx: OnnxChoice }): Promise<ModelInfo> {
  const { source, folder, onnx } = input
  const shipped = SHIPPED_MODELS.find((model) => model.folder === folder)
  const model = shipped?.model ?? `local/${basename(folder)}`
  const file = await chooseFile(folder, onnx)
  await assertWholeOnnx(folder, file)
  const config = await readFolderConfig(folder)
  const { recipe, prompts, warnings } = composeRecipe(model, config, source.recipe ?? {})
  await openTextTokenizer(folder, model)
  const weights = await readModelWeights(folder, file)
  const options: Load['identity']['options'] = { file, dimensions: recipe.dimensions, batchPaddedTokens: BATCH_PADDED_TOKENS }
  if (weights.isDynamicallyQuantised) options.batchTexts = 1
  const identity: Load['identity'] = {
    engine: 'onnx',
    weights: weights.digest,
    dtype: weights.isDynamicallyQuantised ? 'int8' : dtypeOf(file, onnx),
    provider: 'cpu',
    options,
    fingerprint: null,
  }
  const load: Load = {
    key: loadKey(identity),
    model,
    revision: source.revision ?? weights.digest.slice(0, 12),
    identity,
    open: { folder, file, url: null, keyVariable: null, concurrency: 1, batchTexts: 1024, timeoutMs: 60_000 },
    memoryBytes: Math.ceil(1.3 * weights.sizeBytes) + RUNTIME_BYTES,
    parameterCount: null,
  }
  const notes = weights.isDynamicallyQuantised ? [`${model} (${file}) scales activations by batch: its texts run one by one`] : []
  return { load, recipe, warnings: [...warnings, ...notes], languages: config.languages, matryoshka: config.matryoshka, prompts }
}

async function chooseFile(folder: string, onnx: OnnxChoice): Promise<string> {
  const suffix = SUFFIX[onnx.dtype ?? 'fp32']
  if (suffix === undefined) throw new SweepError('SB-MODEL-001', { path: `${folder} with dtype ${onnx.dtype}` })
  const files = await onnxFiles(folder)
  const wanted = onnx.file === undefined ? [`onnx/model${suffix}.onnx`, `model${suffix}.onnx`] : [onnx.file]
  const found = wanted.find((name) => files.includes(name))
  if (found === undefined) throw new SweepError('SB-MODEL-001', { path: `${folder}/${wanted[0]}` })
  return found
}

function dtypeOf(file: string, onnx: OnnxChoice): string {
  const stem = basename(file, '.onnx')
  const suffix = Object.values(SUFFIX).find((end) => end !== '' && stem.endsWith(end))
  const name = onnx.dtype ?? Object.keys(SUFFIX).find((key) => SUFFIX[key] === (suffix ?? '')) ?? 'fp32'
  return DTYPE_NAME[name] ?? name
}
