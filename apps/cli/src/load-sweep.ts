import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type ErrorKind, type Mistake, type Plan, SweepError, taskKey } from '@sweepboard/contracts'
import type { KnownFingerprint } from '@sweepboard/ledger'
import { BM25_MODEL } from '@sweepboard/models'
import {
  decidesBySlot,
  planSweep,
  type ResolvedReranker,
  readSpec,
  refuseMistakes,
  type SweepSpec,
  unmetTasks,
} from '@sweepboard/planner'
import type { HubSettings } from '@sweepboard/tasks'
import { consistencyNotes } from './consistency-entries.ts'
import { findModel } from './find-model.ts'
import { findModels, findRerankers } from './find-models.ts'
import { findTask, type NamedTaskData } from './find-task.ts'
import { chooseWays, type FoundModel, type ModelWays, sameLoads } from './model-ways.ts'
import type { PlanSlots } from './plan-slots.ts'

export interface LoadOptions {
  readonly datasets?: string
  /** Where tasks without a local folder come from. */
  readonly hub: HubSettings
  /** Reads the API keys that remote engines name. */
  readonly readEnv: (name: string) => string | undefined
  /** Fingerprints of the endpoints that served before, where the sweep will run; asked at most once. */
  readonly fingerprints: () => Promise<readonly KnownFingerprint[]>
  /** Slots there will be, asked where overrides decide by slot; absent = nobody knows. */
  readonly slots?: () => Promise<PlanSlots>
}

export interface LoadedSweep {
  readonly id: string
  readonly file: string
  readonly text: string
  readonly spec: SweepSpec
  readonly plan: Plan
  readonly warnings: readonly string[]
}

/** Kinds of failure that pass by themselves: what the file says may be right. */
const PASSING: ReadonlySet<ErrorKind> = new Set(['unavailable', 'overloaded', 'timeout'])

/**
 * Reads a sweep file, looks at its models and tasks, and plans it. Every mistake of the file, the models and the tasks is
 * reported in one `SB-SPEC-001`, or under the code of a server where servers that are away or busy are all that is wrong; nothing is
 * written.
 */
export async function loadSweep(file: string, options: LoadOptions): Promise<LoadedSweep> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new SweepError('SB-SPEC-007', { file }, { cause })
  }
  const read = readSpec(text, file)
  const mistakes: Mistake[] = [...read.mistakes]
  const passing: SweepError[] = []
  const collect = async <T>(line: number, work: () => Promise<T> | T): Promise<T | null> => {
    try {
      return await work()
    } catch (thrown) {
      // A service that refuses or does not answer is no mistake of a line.
      if (!(thrown instanceof SweepError) || thrown.code.startsWith('SB-SERVE-')) throw thrown
      if (PASSING.has(thrown.kind)) passing.push(thrown)
      if (thrown.mistakes.length > 0) mistakes.push(...thrown.mistakes)
      else
        mistakes.push({ code: thrown.code, message: thrown.message.slice(thrown.code.length + 2), fix: thrown.fix, file, line })
      return null
    }
  }
  const specDir = dirname(resolve(file))
  const warnings: string[] = []
  const tasks: NamedTaskData[] = []
  for (const { value, line } of read.tasks) {
    const found = await collect(line, async () => {
      const all = await findTask(value, { spec: read.spec, specDir, datasets: options.datasets, hub: options.hub })
      refuseNamesake(all.tasks, tasks)
      return all
    })
    tasks.push(...(found?.tasks ?? []))
    warnings.push(...(found?.warnings ?? []))
  }
  const instructions = new Map(tasks.map(({ ref, instruction }) => [taskKey(ref), instruction]))
  let asked: Promise<readonly KnownFingerprint[]> | null = null
  const fingerprints = () => {
    asked ??= options.fingerprints()
    return asked
  }
  const taskNames = tasks.map(({ ref }) => ref.task)
  const place = { specDir, readEnv: options.readEnv, fingerprints, instructions, tasks: taskNames, collect }
  const found = await findModels(read, place)
  const foundRerankers = await findRerankers(read, place)
  warnings.push(...found.warnings, ...foundRerankers.warnings, ...consistencyNotes(read))
  const overrides = { file, line: (i: number) => read.overrideLines[i] ?? 1 }
  mistakes.push(...sameLoads([...found.all, ...foundRerankers.all], overrides))
  if (tasks.length > 0) mistakes.push(...unmetTasks(read.spec?.overrides ?? [], [...new Set(taskNames)], overrides))
  const lexical = [read.spec?.matrix?.hybrid ?? 'none'].flat().some((one) => one !== 'none')
    ? await collect(1, () =>
        findModel({ model: BM25_MODEL, engine: 'bm25' }, null, { specDir, readEnv: options.readEnv, fingerprints, instructions }),
      )
    : null
  const [away] = passing
  // Nothing in the file is wrong: it may be planned as it stands later.
  if (away !== undefined && passing.length === mistakes.length) throw new SweepError(away.code, away.details, { mistakes })
  refuseMistakes(file, mistakes)
  const spec = read.spec as SweepSpec
  const slots = decidesBySlot(spec.overrides) ? await options.slots?.() : undefined
  const chosen = chooseAll(found.all, slots)
  const chosenRerankers = chooseAll(foundRerankers.all, slots)
  const plan = planSweep({
    spec,
    models: chosen.kept.flatMap((one) => (one.kind === 'model' ? [one.model] : [])),
    tasks: tasks.map(({ ref }) => ref),
    rerankers: chosenRerankers.kept.flatMap(asReranker),
    lexical: lexical?.model,
    rerankingModels: chosen.kept.flatMap(asReranker),
  })
  return {
    id: `s${randomBytes(8).toString('hex')}`,
    file,
    text,
    spec,
    plan,
    warnings: [...new Set([...warnings, ...chosen.notes, ...chosenRerankers.notes, ...plan.warnings])],
  }
}

/** What slots there are decides between ways; nobody knows of any: every way is planned. */
function chooseAll(
  all: readonly ModelWays[],
  slots: PlanSlots | undefined,
): { kept: readonly FoundModel[]; notes: readonly string[] } {
  if (slots === undefined) return { kept: all.flatMap(({ ways }) => ways.map(({ found }) => found)), notes: [] }
  const chosen = all.map((one) => chooseWays(one, slots))
  return { kept: chosen.flatMap(({ kept }) => kept), notes: chosen.flatMap(({ notes }) => notes) }
}

function asReranker(found: FoundModel): ResolvedReranker[] {
  return found.kind === 'reranker' ? [found.reranker] : []
}

/** One name is one column of the board: throws `SB-SPEC-010` where it would stand for two data sets. */
function refuseNamesake(found: readonly NamedTaskData[], before: readonly NamedTaskData[]): void {
  const placeOf = ({ ref }: NamedTaskData) => JSON.stringify([ref.task, ref.subset, ref.split])
  const sourceOf = ({ ref }: NamedTaskData) =>
    ref.source.kind === 'folder' ? ref.source.path : ref.source.kind === 'hub' ? ref.source.repo : 'the shipped one'
  const held = new Map(before.map((one) => [placeOf(one), one]))
  for (const one of found) {
    const first = held.get(placeOf(one))
    if (first && taskKey(first.ref) !== taskKey(one.ref))
      throw new SweepError('SB-SPEC-010', { task: one.ref.task, first: sourceOf(first), second: sourceOf(one) })
  }
}
