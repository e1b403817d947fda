import { fileURLToPath } from 'node:url'
import { RANDOM_MODEL } from './random-engine.ts'
import { BM25_MODEL } from './resolve-bm25.ts'

/** A model that comes with sweepboard. */
export interface BuiltInModel {
  readonly model: string
  readonly engine: 'random' | 'onnx' | 'bm25'
  readonly about: string
  /** Absolute folder; null for the weightless one. */
  readonly folder: string | null
}

const POCKET = fileURLToPath(new URL('../../../examples/models/pocket-static-en', import.meta.url))

export const SHIPPED_MODELS: readonly (BuiltInModel & { readonly folder: string })[] = [
  { model: 'local/pocket-static-en', engine: 'onnx', about: 'English, 256 dimensions, 8 MB, static token table', folder: POCKET },
]

/** Models that need no download, by the name a sweep file gives them. */
export function builtInModels(): readonly BuiltInModel[] {
  return [
    {
      model: RANDOM_MODEL,
      engine: 'random',
      about: 'seeded random vectors, 32 dimensions; published scores prove the pipe',
      folder: null,
    },
    {
      model: BM25_MODEL,
      engine: 'bm25',
      about: 'exact BM25 over stems (bm25s, Snowball 3.1.1), tasks with ranked lists only',
      folder: null,
    },
    ...SHIPPED_MODELS,
  ]
}
