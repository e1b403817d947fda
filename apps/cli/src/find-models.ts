import type { Digest } from '@sweepboard/contracts'
import type { NamedModel, Placed, ReadSpec } from '@sweepboard/planner'
import { findModel, type ModelPlace } from './find-model.ts'
import { asRerankEntry, findReranker, isRerankingModel } from './find-reranker.ts'
import { asWay, type FoundModel, type ModelWays, taskWays } from './model-ways.ts'

export interface FindModels extends ModelPlace {
  readonly tasks: readonly string[]
  /** Runs one look; null, and its mistakes kept with this line, where it refuses. */
  readonly collect: <T>(line: number, work: () => Promise<T>) => Promise<T | null>
}

interface Found {
  readonly found: FoundModel
  readonly warnings: readonly string[]
}

/** Looks at every model of a sweep file, in every way its overrides allow. What is named twice is looked at once. */
export async function findModels(read: ReadSpec, place: FindModels): Promise<{ all: ModelWays[]; warnings: string[] }> {
  const seen = new Map<string, Promise<Found | null>>()
  const all: ModelWays[] = []
  const warnings: string[] = []
  for (const placed of read.models) {
    for (const { tasks, alternatives } of taskWays(placed.value, read.spec?.overrides ?? [], place.tasks)) {
      const ways: ModelWays['ways'][number][] = []
      for (const alternative of alternatives) {
        const line = alternative.override === null ? placed.line : (read.overrideLines[alternative.override] ?? placed.line)
        const look = findOnce(seen, { value: alternative.named, line }, { read, place })
        const one = await look
        if (one === null) continue
        warnings.push(...one.warnings)
        ways.push({ alternative, found: asWay(one.found, alternative, tasks) })
      }
      if (ways.length === alternatives.length) all.push({ model: placed.value.model, ways })
    }
  }
  return { all, warnings: [...new Set(warnings)] }
}

function findOnce(
  seen: Map<Digest, Promise<Found | null>>,
  { value, line }: Placed<NamedModel>,
  { read, place }: { read: ReadSpec; place: FindModels },
): Promise<Found | null> {
  const key = JSON.stringify(value)
  const known = seen.get(key)
  if (known !== undefined) return known
  const look = place.collect(line, async (): Promise<Found> => {
    if (!(await isRerankingModel(value, read.spec, place.specDir))) {
      const { model, warnings } = await findModel(value, read.spec, place)
      return { found: { kind: 'model', model }, warnings }
    }
    const { reranker, warnings } = await findReranker(asRerankEntry(value), place)
    return { found: { kind: 'reranker', reranker }, warnings }
  })
  seen.set(key, look)
  return look
}
