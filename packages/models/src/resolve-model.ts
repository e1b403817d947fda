import { stat } from 'node:fs/promises'
import { isAbsolute, resolve } from 'node:path'
import { type Load, loadKey, Recipe, SideRecipe, SweepError } from '@sweepboard/contracts'
import { builtInModels } from './built-in-models.ts'
import type { EmbeddingDialect } from './http/embedding-exchange.ts'
import type {
  Bm25Choice,
  EndpointChoice,
  EngineChoice,
  LaunchChoice,
  ModelInfo,
  ModelSource,
  OnnxChoice,
  RecipePatch,
  ResolveContext,
} from './model-source.ts'
import { RANDOM_DIMENSIONS, RANDOM_MODEL } from './random-engine.ts'
import { BM25_MODEL, resolveBm25 } from './resolve-bm25.ts'
import { resolveEndpoint } from './resolve-endpoint.ts'
import { resolveFolder } from './resolve-folder.ts'
import { resolveLaunched } from './resolve-launched.ts'

/**
 * Finds out what a model of a sweep file is: reads its folder and digests its weights, or probes its server.
 * @throws SweepError `SB-SPEC-006` for a name nothing is known of, `SB-MODEL-001` to `-004` for a folder, `SB-HTTP-*` for a server
 */
export async function resolveModel(source: ModelSource, context: ResolveContext): Promise<ModelInfo> {
  const choice = engineOf(source)
  if (choice.kind === 'launch') return resolveLaunched(source, choice.launch, context)
  if (choice.kind === 'endpoint') return resolveEndpoint(source, choice, context)
  if (choice.kind === 'random') {
    if (source.model !== RANDOM_MODEL) throw new SweepError('SB-SPEC-006', { model: source.model, suggestion: RANDOM_MODEL })
    return randomModel(source.recipe)
  }
  if (choice.kind === 'bm25') {
    if (source.model !== BM25_MODEL) throw new SweepError('SB-SPEC-006', { model: source.model, suggestion: BM25_MODEL })
    return resolveBm25(source, choice.bm25)
  }
  const folder = await folderOf(source, context, choice.named)
  return resolveFolder({ source, folder, onnx: choice.onnx })
}

type Choice =
  | { readonly kind: 'random' }
  | { readonly kind: 'bm25'; readonly bm25: Bm25Choice }
  | { readonly kind: 'onnx'; readonly onnx: OnnxChoice; readonly named: boolean }
  | { readonly kind: 'launch'; readonly launch: LaunchChoice }
  | { readonly kind: 'endpoint'; readonly dialect: EmbeddingDialect; readonly endpoint: EndpointChoice }

function engineOf(source: ModelSource): Choice {
  const engine: EngineChoice | undefined = source.engine
  if (typeof engine === 'object') {
    if ('launch' in engine) return { kind: 'launch', launch: engine.launch }
    if ('openai' in engine) return { kind: 'endpoint', dialect: 'openai', endpoint: engine.openai }
    if ('tei' in engine) return { kind: 'endpoint', dialect: 'tei', endpoint: engine.tei }
    if ('ollama' in engine) return { kind: 'endpoint', dialect: 'ollama', endpoint: engine.ollama }
    if ('rerank-api' in engine)
      throw new SweepError('SB-SPEC-004', { path: 'engine.rerank-api', message: 'it scores pairs and gives no vectors' })
  }
  if (engine === 'bm25' || (typeof engine === 'object' && 'bm25' in engine))
    return { kind: 'bm25', bm25: engine === 'bm25' ? {} : (engine.bm25 ?? {}) }
  if (source.model === BM25_MODEL) return { kind: 'bm25', bm25: {} }
  if (source.model === RANDOM_MODEL) return { kind: 'random' }
  if (engine === undefined) return { kind: 'onnx', onnx: {}, named: false }
  if (engine === 'random' || (typeof engine === 'object' && 'random' in engine)) return { kind: 'random' }
  return { kind: 'onnx', onnx: engine === 'onnx' ? {} : engine.onnx, named: true }
}

/** A path (`./x`, `../x`, `/x`), a built-in name, or, where the engine is named, any folder below `baseDir`. */
async function folderOf(source: ModelSource, context: ResolveContext, isEngineNamed: boolean): Promise<string> {
  const builtIn = builtInModels().find((model) => model.model === source.model)
  if (builtIn?.folder) return builtIn.folder
  const path = resolve(context.baseDir, source.model)
  const isPath = /^\.{1,2}[/\\]/.test(source.model) || isAbsolute(source.model)
  const isFolder = await stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  )
  if (isFolder && (isPath || isEngineNamed)) return path
  if (isPath || isEngineNamed) throw new SweepError('SB-MODEL-001', { path })
  throw new SweepError('SB-SPEC-006', { model: source.model, suggestion: isFolder ? `./${source.model}` : undefined })
}

function randomModel(patch: RecipePatch = {}): ModelInfo {
  const identity: Load['identity'] = {
    engine: 'random',
    weights: null,
    dtype: 'float32',
    provider: 'cpu',
    options: { revision: 1 },
    fingerprint: null,
  }
  const load: Load = {
    key: loadKey(identity),
    model: RANDOM_MODEL,
    revision: '1',
    identity,
    open: { folder: null, file: null, url: null, keyVariable: null, concurrency: 1, batchTexts: 1024, timeoutMs: 60_000 },
    memoryBytes: 64 * 2 ** 20,
    parameterCount: 0,
  }
  const side = SideRecipe.parse({ normalize: patch.normalize ?? false })
  const recipe = Recipe.parse({
    query: side,
    document: side,
    similarity: patch.similarity ?? 'cosine',
    dimensions: RANDOM_DIMENSIONS,
  })
  return { load, recipe, warnings: [], languages: null, matryoshka: null, prompts: { query: null, document: null } }
}
