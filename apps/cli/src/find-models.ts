import type { Digest } from '@sweepboard/contracts'
import type { NamedModel, Placed, ReadSpec } from '@sweepboard/planner'
import { findModel, type ModelPlace } from './find-model.ts'
import { asRerankEntry, findReranker, isRerankingModel, layOverReranker, withEngine } from './find-reranker.ts'
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

interface FoundWays {
  readonly all: ModelWays[]
  readonly warnings: string[]
}

/**
 * Looks at every model of a sweep file, in every way its overrides allow; at none where what is laid over them is broken. What is named
 * twice is looked at once.
 */
export async function findModels(read: ReadSpec, place: FindModels): Promise<FoundWays> {
  const seen = new Map<string, Promise<Found | null>>()
  const look = (placed: Placed<NamedModel>) => findOnce(seen, placed, { read, place })
  return findWays(read.models, { read, tasks: place.tasks, mustName: false, look })
}

/**
 * Looks at every reranker of the matrix, in every way that overrides allow which name it. Of an override's recipe a reranker takes what
 * it has; what it has not is refused.
 */
export async function findRerankers(read: ReadSpec, place: FindModels): Promise<FoundWays> {
  const found: FoundWays = { all: [], warnings: [] }
  for (const { value: entry, line } of read.rerankers) {
    const { model, engine, revision } = entry
    const look = ({ value, line: at }: Placed<NamedModel>) =>
      place.collect(at, async (): Promise<Found> => {
        const { reranker, warnings } = await findReranker(
          withEngine(layOverReranker(entry, value), read.laid, place.specDir),
          place,
        )
        return { found: { kind: 'reranker', reranker }, warnings }
      })
    const ways = await findWays([{ value: { model, engine, revision }, line }], {
      read,
      tasks: place.tasks,
      mustName: true,
      look,
    })
    found.all.push(...ways.all)
    found.warnings.push(...ways.warnings)
  }
  return found
}

interface FindWays {
  readonly read: ReadSpec
  readonly tasks: readonly string[]
  readonly mustName: boolean
  readonly look: (placed: Placed<NamedModel>) => Promise<Found | null>
}

async function findWays(entries: readonly Placed<NamedModel>[], { read, tasks, mustName, look }: FindWays): Promise<FoundWays> {
  const all: ModelWays[] = []
  const warnings: string[] = []
  // Without its engine a model on a correct line would be called unknown.
  if (read.laid === null) return { all, warnings }
  const overrides = read.laid.overrides ?? []
  for (const placed of entries) {
    for (const { tasks: own, alternatives } of taskWays(placed.value, { overrides, tasks, mustName })) {
      const ways: ModelWays['ways'][number][] = []
      for (const alternative of alternatives) {
        const line = alternative.override === null ? placed.line : (read.overrideLines[alternative.override] ?? placed.line)
        const one = await look({ value: alternative.named, line })
        if (one === null) continue
        warnings.push(...one.warnings)
        ways.push({ alternative, found: asWay(one.found, alternative, own) })
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
    if (!(await isRerankingModel(value, read.laid, place.specDir))) {
      const { model, warnings } = await findModel(value, read.laid, place)
      return { found: { kind: 'model', model }, warnings }
    }
    const { reranker, warnings } = await findReranker(asRerankEntry(value), place)
    return { found: { kind: 'reranker', reranker }, warnings }
  })
  seen.set(key, look)
  return look
}
