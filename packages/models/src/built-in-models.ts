import { fileURLToPath } from 'node:url'
import { RANDOM_MODEL } from './random-engine.ts'

/** A model that comes with sweepboard. */
export interface BuiltInModel {
  readonly model: string
  readonly engine: 'random' | 'onnx'
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
    ...SHIPPED_MODELS,
  ]
}
