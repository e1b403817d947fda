import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pairLoad, SweepError } from '@sweepboard/contracts'
import { isReranker, LAUNCHER_NAMES, resolveReranker, resolveRerankServer } from '@sweepboard/models'
import {
  DEFAULT_RERANK_DEPTH,
  type EngineSpec,
  type LaidOver,
  type NamedModel,
  type RerankEntry,
  type ResolvedReranker,
} from '@sweepboard/planner'
import { toEngineChoice } from './engine-choice.ts'
import { readHubSettings } from './hub.ts'
import { isPath, resolvePath } from './spec-path.ts'

/** Whether an entry of `models` is a reranker; then it re-orders the candidate lists of tasks that have them. */
export function isRerankingModel(named: NamedModel, spec: LaidOver | null, specDir: string): Promise<boolean> {
  const engine = named.engine ?? spec?.engine
  return isReranker({
    model: named.model,
    folder: isPath(named.model) ? resolvePath(named.model, specDir) : null,
    engine: engine === undefined ? undefined : toEngineChoice(engine),
    like: named.recipe?.like,
  })
}

/** What of a model's recipe a reranker has. Throws `SB-SPEC-004` naming the rest, with `remedy` behind it. */
export function asRerankEntry({ model, engine, recipe = {}, revision }: NamedModel, remedy = ''): RerankEntry {
  const { like, padding, maxTokens, ...rest } = recipe
  const foreign = Object.keys(rest)
  if (foreign.length > 0)
    throw new SweepError('SB-SPEC-004', { path: 'recipe', message: `a reranker has no ${foreign.join(', ')}${remedy}` })
  return { model, engine, recipe: { like, padding, maxTokens }, revision }
}

/** A reranker of the matrix under what overrides made of its name: their engine takes the place of its own, their recipe is laid over its. */
export function layOverReranker(entry: RerankEntry, { model, engine, recipe }: NamedModel): RerankEntry {
  const remedy = `: let the override's \`model\` pattern leave ${model} out, or give rerankers an override of their own`
  const patch = Object.entries(asRerankEntry({ model, recipe }, remedy).recipe ?? {}).filter(([, value]) => value !== undefined)
  return { ...entry, engine: engine ?? entry.engine, recipe: { ...entry.recipe, ...Object.fromEntries(patch) } }
}

/**
 * A reranker of the matrix with the engine it is served by: its own; of a hub id that names none the launcher of the sweep, less what
 * is of the sweep's models alone. A folder is opened by onnx: `engine` of the sweep is for its models.
 * @throws SweepError `SB-SPEC-004` for a hub id that neither gives an engine
 */
export function withEngine(entry: RerankEntry, spec: LaidOver | null, specDir: string): RerankEntry {
  const isFolder = isPath(entry.model) || existsSync(resolve(specDir, entry.model))
  if (entry.engine !== undefined || isFolder || !/^\w[\w.-]*\/\w[\w.-]*$/.test(entry.model)) return entry
  const [name, settings] = typeof spec?.engine === 'object' ? (Object.entries(spec.engine)[0] ?? []) : [spec?.engine, null]
  const isLauncher = (LAUNCHER_NAMES as readonly (string | undefined)[]).includes(name)
  if (!isLauncher || (settings !== null && 'url' in settings))
    throw new SweepError('SB-SPEC-004', {
      path: 'matrix.rerank',
      message: `${entry.model} is no folder here, and nobody serves it: write its engine, as in { model: ${entry.model}, engine: vllm }`,
    })
  const { model: _, tokenizer: __, file: ___, repo: ____, ...shared } = settings ?? {}
  return { ...entry, engine: { [name as string]: shared } as EngineSpec }
}

/** Looks at the folder or server of one reranker. */
export async function findReranker(
  entry: RerankEntry,
  place: { readonly specDir: string; readonly readEnv: (name: string) => string | undefined },
): Promise<{ readonly reranker: ResolvedReranker; readonly warnings: readonly string[] }> {
  const model = isPath(entry.model) ? resolvePath(entry.model, place.specDir) : entry.model
  const { revision, recipe: patch } = entry
  const engine = entry.engine === undefined ? undefined : toEngineChoice(entry.engine)
  const context = { baseDir: place.specDir, hubCache: readHubSettings().cacheDir, readVariable: place.readEnv }
  const { load, recipe, warnings } = await (typeof engine === 'object' && 'rerank-api' in engine
    ? resolveRerankServer({ model, revision, folder: null, choice: engine['rerank-api'], recipe: patch }, context)
    : resolveReranker({ model, engine, recipe: patch, revision }, context))
  const depths = [entry.depth ?? DEFAULT_RERANK_DEPTH].flat()
  return { reranker: { load: pairLoad(load, recipe), recipe: () => recipe, depths, tail: entry.tail ?? 'append' }, warnings }
}
