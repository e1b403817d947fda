import type { Load, SideRecipe } from '@sweepboard/contracts'
import type { EncodedTexts, EncodeOptions, Engine } from './engine.ts'
import { runBatches } from './onnx-batch.ts'
import { type OpenedOnnx, openOnnx } from './onnx-load.ts'
import { readTexts } from './onnx-texts.ts'
import { vectorTarget } from './onnx-vectors.ts'
import { countEmpty, textRenderer } from './template.ts'
import type { TextTokenizer } from './text-tokenizer.ts'

/**
 * Opens a local ONNX model on the provider its load names: finds the folder whose files have the planned digest, loads
 * tokenizer and session.
 * @throws SweepError `SB-MODEL-001`, `-002`, `-003`, `-009`, `-011`
 */
export async function openOnnxEngine(
  load: Load,
  options: { threads?: number | undefined; modelsRoot?: string | undefined },
): Promise<Engine> {
  const opened = await openOnnx(load, options)
  const dim = Number(load.identity.options.dimensions)
  return {
    ...opened.facts,
    encode: (side, texts, given = {}) => encode(opened, dim, { side, texts, options: given }),
    close: async () => {
      await opened.ahead.close()
      await opened.session.close()
    },
  }
}

async function encode(
  opened: OpenedOnnx,
  dim: number,
  call: { side: SideRecipe; texts: readonly string[]; options: EncodeOptions },
): Promise<EncodedTexts> {
  const { side, texts, options } = call
  const { session, tokenizer, padding, limits, ahead } = opened
  const render = textRenderer(side)
  const read = tokenizer.reader(side)
  const prepared = await ahead.take(side, texts)
  if (options.ahead !== undefined && options.ahead.length > 0) ahead.prepare(side, options.ahead)
  const tokenized = prepared
    ? await readTexts(prepared, (text) => text, options.signal)
    : await readTexts(texts, (text) => read(render(text)), options.signal)
  const values = new Float32Array(texts.length * dim)
  const target = vectorTarget({ session, padId: tokenizer.padId, padding, side, texts: tokenized.texts, dim, values })
  const ran = await runBatches(target, limits, options)
  const ownControls = texts.length * templateControls(tokenizer, side)
  return {
    vectors: { rowCount: texts.length, dim, values },
    counts: {
      ...tokenized.counts,
      ...ran,
      controlTokenCount: Math.max(0, tokenized.counts.controlTokenCount - ownControls),
      emptyTextCount: countEmpty(texts),
    },
  }
}

/** Control tokens the template itself brings; they are the recipe's, not a text's. */
function templateControls(tokenizer: TextTokenizer, side: SideRecipe): number {
  return tokenizer.countControls(tokenizer.bare(textRenderer(side)('')))
}
