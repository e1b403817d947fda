import { type Load, type PairRecipe, SweepError, taskKey } from '@sweepboard/contracts'
import type { KnownFingerprint } from '@sweepboard/ledger'
import { openEngine, openPairEngine, providerEnvironment } from '@sweepboard/models'
import type { NamedModel, ResolvedModel } from '@sweepboard/planner'
import type { ConsistencyTexts } from './consistency-texts.ts'
import { findModel } from './find-model.ts'
import { asRerankEntry, findReranker, isRerankingModel } from './find-reranker.ts'

export interface SidePlace {
  readonly specDir: string
  /** Only of variables the user allowed. */
  readonly readEnv: (name: string) => string | undefined
  readonly fingerprints: () => Promise<readonly KnownFingerprint[]>
}

/** One of the two: what its folder or server says of it. */
export type ConsistencySide = { readonly load: Load; readonly warnings: readonly string[] } & (
  | { readonly kind: 'embeddings'; readonly sides: ReturnType<ResolvedModel['sides']> }
  | { readonly kind: 'scores'; readonly recipe: PairRecipe }
)

/** Facts of an engine that was really opened. */
export interface EngineFacts {
  readonly engine: string
  readonly version: string
  readonly provider: string
  readonly dtype: string
  readonly device: string
}

/** Looks at the folder or server of one entry, as a sweep does. */
export async function findSide(named: NamedModel, texts: ConsistencyTexts, place: SidePlace): Promise<ConsistencySide> {
  if (await isRerankingModel(named, null, place.specDir)) {
    const { reranker, warnings } = await findReranker(asRerankEntry(named), place)
    return { kind: 'scores', load: reranker.load, recipe: reranker.recipe(texts.ref), warnings }
  }
  const instructions = new Map(texts.instruction === null ? [] : [[taskKey(texts.ref), texts.instruction]])
  const { model, warnings } = await findModel(named, null, { ...place, instructions })
  return { kind: 'embeddings', load: model.load, sides: model.sides(texts.ref, 'default'), warnings }
}

/** Opens an engine, hands it to `work`, and closes it, whatever happens. */
export async function withEngine<E extends EngineFacts & { close(): Promise<void> }, T>(
  open: () => Promise<E>,
  work: (engine: E) => Promise<T>,
): Promise<T> {
  const engine = await open()
  try {
    return await work(engine)
  } finally {
    await engine.close()
  }
}

export interface EngineOptions {
  readonly readEnv: SidePlace['readEnv']
  readonly threads: number | undefined
  readonly signal: AbortSignal
}

export function openEncoder({ load }: ConsistencySide, options: EngineOptions) {
  return openEngine(load, openOptions(load, options))
}

export function openScorer(side: ConsistencySide & { readonly kind: 'scores' }, options: EngineOptions) {
  return openPairEngine(side.load, side.recipe, openOptions(side.load, options))
}

function openOptions(load: Load, { readEnv, threads, signal }: EngineOptions) {
  Object.assign(process.env, providerEnvironment(load.identity.provider))
  return { apiKey: keyOf(load, readEnv), threads, signal }
}

function keyOf({ open }: Load, readEnv: SidePlace['readEnv']): string | undefined {
  if (open.keyVariable === null) return undefined
  const key = readEnv(open.keyVariable)
  if (!key) throw new SweepError('SB-HTTP-006', { variable: open.keyVariable })
  return key
}
