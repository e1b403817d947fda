import { hash } from 'node:crypto'
import type { SideRecipe } from '@sweepboard/contracts'
import { stopIfAborted } from './abort.ts'
import { type EncodedTexts, type EncodeOptions, type Engine, NO_COUNTS } from './engine.ts'
import { Pcg64 } from './pcg64.ts'
import { normalizeRows } from './pooling.ts'
import { countEmpty } from './template.ts'

export const RANDOM_MODEL = 'mteb/baseline-random-encoder'
export const RANDOM_DIMENSIONS = 32
/** Texts between two looks at the abort signal. */
const TEXTS_PER_SLICE = 1024

/**
 * `mteb/baseline-random-encoder` revision 1 of mteb 2.20.0, bit for bit (random_baseline.py): a text's vector is
 * `default_rng(int(sha256(utf-8)) mod 2^32).random(32, dtype=float32)`. It ignores prompts and is not normalised.
 */
export function openRandomEngine(): Engine {
  const stream = new Pcg64()
  return {
    engine: 'random',
    version: '1',
    provider: 'cpu',
    dtype: 'float32',
    device: 'cpu',
    loadSeconds: 0,
    async encode(side: SideRecipe, texts: readonly string[], options: EncodeOptions = {}): Promise<EncodedTexts> {
      const values = new Float32Array(texts.length * RANDOM_DIMENSIONS)
      let batchCount = 0
      for (let start = 0; start < texts.length; start += TEXTS_PER_SLICE) {
        stopIfAborted(options.signal, 'encoding')
        const end = Math.min(texts.length, start + TEXTS_PER_SLICE)
        for (let i = start; i < end; i += 1) writeVector(stream, texts[i] as string, values.subarray(i * RANDOM_DIMENSIONS))
        batchCount += 1
        options.onProgress?.()
      }
      if (side.normalize) normalizeRows(values, RANDOM_DIMENSIONS)
      const counts = { ...NO_COUNTS, emptyTextCount: countEmpty(texts), batchCount }
      return { vectors: { rowCount: texts.length, dim: RANDOM_DIMENSIONS, values }, counts }
    },
    async close() {},
  }
}

function writeVector(stream: Pcg64, text: string, row: Float32Array): void {
  const digest = hash('sha256', text, 'buffer')
  stream.seed(digest.readUInt32BE(28))
  for (let i = 0; i < RANDOM_DIMENSIONS; i += 2) {
    stream.next()
    row[i] = (stream.low >>> 8) * 2 ** -24
    row[i + 1] = (stream.high >>> 8) * 2 ** -24
  }
}
