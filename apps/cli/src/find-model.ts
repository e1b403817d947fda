import { type Digest, isLexical, taskKey } from '@sweepboard/contracts'
import type { KnownFingerprint } from '@sweepboard/ledger'
import { BM25_MODEL, fillInstruction, lexicalSides, resolveModel } from '@sweepboard/models'
import type { LaidOver, NamedModel, ResolvedModel } from '@sweepboard/planner'
import { toEngineChoice } from './engine-choice.ts'
import type { NamedTaskData } from './find-task.ts'
import { readHubSettings } from './hub.ts'
import { withNearModel } from './near-name.ts'
import { isPath, resolvePath } from './spec-path.ts'

export interface ModelPlace {
  readonly specDir: string
  readonly readEnv: (name: string) => string | undefined
  /** Fingerprints the ledger knows: one that still fits keeps the endpoint's load key. */
  readonly fingerprints: () => Promise<readonly KnownFingerprint[]>
  /** What each task instructs, by task key. */
  readonly instructions: ReadonlyMap<Digest, NamedTaskData['instruction']>
}

/** The spec's own engine; a server or a folder says nothing of bm25. */
function engineOfAll(model: string, spec: LaidOver | null): NamedModel['engine'] {
  const engine = spec?.engine
  const isItsOwn = engine === 'bm25' || (typeof engine === 'object' && 'bm25' in engine)
  return model === BM25_MODEL && !isItsOwn ? 'bm25' : engine
}

/** Looks at the folder or server of one model entry, with what the spec says of engine and recipe laid over it. */
export async function findModel(
  named: NamedModel,
  spec: LaidOver | null,
  place: ModelPlace,
): Promise<{ readonly model: ResolvedModel; readonly warnings: readonly string[] }> {
  const model = isPath(named.model) ? resolvePath(named.model, place.specDir) : named.model
  const engine = named.engine ?? engineOfAll(model, spec)
  const known = (await place.fingerprints()).filter((one) => one.model === model).map((one) => one.fingerprint)
  const info = await resolveModel(
    {
      model,
      engine: engine === undefined ? undefined : toEngineChoice(engine),
      // What the spec says of all recipes is about vectors.
      recipe: model === BM25_MODEL ? named.recipe : { ...spec?.recipe, ...named.recipe },
      revision: named.revision,
    },
    { baseDir: place.specDir, hubCache: readHubSettings().cacheDir, readVariable: place.readEnv, knownFingerprints: known },
  ).catch((thrown) => {
    throw withNearModel(thrown, model)
  })
  if (isLexical(info.load)) {
    const { load, recipe, warnings } = info
    return { model: { load, recipe, sides: (task) => lexicalSides(load, task) }, warnings }
  }
  const sides: ResolvedModel['sides'] = (task, instruction) =>
    fillInstruction(info.recipe, {
      taskName: task.task,
      taskType: task.type ?? 'Retrieval',
      taskPrompt: place.instructions.get(taskKey(task)) ?? null,
      prompts: info.prompts,
      instruction,
    })
  return { model: { load: info.load, recipe: info.recipe, sides }, warnings: info.warnings }
}
