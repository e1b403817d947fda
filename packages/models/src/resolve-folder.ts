import { basename } from 'node:path'
import { type EmbeddingCard, type Load, loadKey, type Recipe, SweepError } from '@sweepboard/contracts'
import { SHIPPED_MODELS } from './built-in-models.ts'
import { readFolderConfig } from './folder-config.ts'
import { composeRecipe } from './folder-recipe.ts'
import type { ModelInfo, ModelSource, OnnxChoice } from './model-source.ts'
import { readOnnxOutputs } from './onnx-file.ts'
import { findOutput } from './onnx-outputs.ts'
import { readOnnxVariant } from './onnx-variant.ts'
import { cardLike, hubIdOf } from './recipe-book.ts'

/**
 * A model folder in transformers.js layout as load and recipe. What neither spec nor folder says comes from the card of the
 * recipe book that `recipe.like` names, or that the folder's path spells.
 * @throws SweepError `SB-MODEL-001` when it has no such ONNX file, `SB-MODEL-004` when the recipe is not whole,
 *   `SB-MODEL-002` when the ONNX file is cut, `SB-MODEL-003` when the tokenizer is not this model's
 */
export async function resolveFolder(input: { source: ModelSource; folder: string; onnx: OnnxChoice }): Promise<ModelInfo> {
  const { source, folder, onnx } = input
  const shipped = SHIPPED_MODELS.find((model) => model.folder === folder)
  const spelled = hubIdOf(folder)
  const card = cardLike(source.recipe?.like, spelled?.model ?? null)
  const model = shipped?.model ?? (card !== null && spelled?.model === card.model ? card.model : `local/${basename(folder)}`)
  const variant = await readOnnxVariant(model, folder, onnx)
  const config = await readFolderConfig(folder)
  const patch = source.recipe ?? {}
  const { recipe, prompts, warnings } = composeRecipe(model, config, patch, card)
  // Refused here rather than when a worker reads the first text: no room for text, an unknown closing token.
  for (const side of [recipe.query, recipe.document]) variant.tokenizer.reader(side)
  await refuseMisfit(model, { folder, file: variant.open.file as string, recipe })
  const padding = patch.padding ?? 'right'
  const options = { ...variant.options, dimensions: recipe.dimensions, ...(padding === 'left' ? { padding } : {}) }
  const identity: Load['identity'] = { ...variant.identity, options }
  const load: Load = {
    key: loadKey(identity),
    model,
    revision: source.revision ?? spelled?.revision ?? variant.digest.slice(0, 12),
    identity,
    open: variant.open,
    memoryBytes: variant.memoryBytes,
    parameterCount: card?.parameters ?? null,
    languages: config.languages ?? card?.languages ?? null,
  }
  const notes = card === null ? [] : [...cardNotes(model, card, recipe.dimensions)]
  return {
    load,
    recipe,
    warnings: [...warnings, ...variant.warnings, ...notes],
    languages: load.languages ?? null,
    matryoshka: config.matryoshka ?? (card !== null && card.matryoshka.length > 0 ? card.matryoshka : null),
    prompts,
  }
}

/** What the recipe wants of the export, beside what its graph declares. Throws `SB-MODEL-004`. */
async function refuseMisfit(model: string, by: { folder: string; file: string; recipe: Recipe }): Promise<void> {
  const { folder, file, recipe } = by
  const outputs = await readOnnxOutputs(folder, file)
  const missing: string[] = []
  for (const { pooling } of [recipe.query, recipe.document]) {
    const kind = pooling === 'none' ? 'sentence' : 'tokens'
    const found = findOutput(outputs, kind)
    const [first] = outputs
    if (first === undefined) continue
    const names = outputs.map(({ name }) => name).join(', ')
    if (found === undefined && kind === 'tokens' && findOutput(outputs, 'sentence') !== undefined)
      missing.push(`pooling ${pooling}: ${file} pools by itself (${names}): write \`pooling: none\``)
    else if (found === undefined) missing.push(`pooling ${pooling}: ${file} gives no output for it (${names})`)
    const dim = found?.axes.at(-1) ?? null
    if (dim !== null && dim !== recipe.dimensions) missing.push(`dimensions ${recipe.dimensions}: ${file} gives ${dim}`)
  }
  if (missing.length > 0) throw new SweepError('SB-MODEL-004', { model, missing: [...new Set(missing)].join('; ') })
}

function* cardNotes(model: string, card: EmbeddingCard, dimensions: number): Iterable<string> {
  yield `${model} takes what its folder does not say from the recipe of ${card.model}`
  if (dimensions !== card.dimensions) yield `${model} has ${dimensions} dimensions, ${card.model} has ${card.dimensions}`
}
