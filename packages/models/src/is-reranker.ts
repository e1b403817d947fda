import { readJson } from './folder-config.ts'
import type { EngineChoice } from './model-source.ts'
import { hubIdOf, rerankerCard } from './recipe-book.ts'

/**
 * Whether a model of a sweep file scores pairs instead of encoding texts: its engine is a rerank server, the recipe book says so
 * (by `like`, name or folder), or its folder's architecture is a sequence classifier. `folder` is null where none is at hand.
 */
export async function isReranker(source: {
  readonly model: string
  readonly folder: string | null
  readonly engine?: EngineChoice | undefined
  readonly like?: string | undefined
}): Promise<boolean> {
  const { model, folder, engine, like } = source
  if (typeof engine === 'object' && 'rerank-api' in engine) return true
  if (typeof engine === 'object' && 'launch' in engine && engine.launch.dialect === 'rerank-api') return true
  const names = [like, model, folder === null ? undefined : hubIdOf(folder)?.model.replace(/-GGUF$/i, '')]
  if (names.some((name) => name !== undefined && rerankerCard(name) !== null)) return true
  if (folder === null) return false
  const config = await readJson(folder, 'config.json').catch(() => null)
  const [architecture] = Array.isArray(config?.architectures) ? config.architectures : []
  return typeof architecture === 'string' && architecture.endsWith('ForSequenceClassification')
}
