import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { type Mistake, type Plan, SweepError, type TaskRef } from '@sweepboard/contracts'
import { type EngineChoice, fillInstruction, resolveModel } from '@sweepboard/models'
import {
  type EngineSpec,
  type NamedModel,
  type NamedTask,
  parseDuration,
  planSweep,
  type ResolvedModel,
  readSpec,
  refuseMistakes,
  type SweepSpec,
} from '@sweepboard/planner'
import { expandTaskPattern, findTask as findCatalogTask, resolveTask } from '@sweepboard/tasks'

export interface LoadOptions {
  readonly datasets?: string
  /** Reads the API keys that remote engines name. */
  readonly readEnv: (name: string) => string | undefined
}

export interface LoadedSweep {
  readonly id: string
  readonly file: string
  readonly text: string
  readonly spec: SweepSpec
  readonly plan: Plan
  readonly warnings: readonly string[]
}

/**
 * Reads a sweep file, looks at its models and tasks, and plans it. Every mistake of the file, the models and the tasks is
 * reported in one `SB-SPEC-001`; nothing is written.
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
  const collect = async <T>(line: number, work: () => Promise<T> | T): Promise<T | null> => {
    try {
      return await work()
    } catch (thrown) {
      if (!(thrown instanceof SweepError)) throw thrown
      if (thrown.mistakes.length > 0) mistakes.push(...thrown.mistakes)
      else
        mistakes.push({ code: thrown.code, message: thrown.message.slice(thrown.code.length + 2), fix: thrown.fix, file, line })
      return null
    }
  }
  const specDir = dirname(resolve(file))
  const warnings: string[] = []
  const tasks: TaskRef[] = []
  for (const { value, line } of read.tasks) {
    const found = await collect(line, () => findTask(value, { spec: read.spec, specDir, datasets: options.datasets }))
    tasks.push(...(found?.refs ?? []))
    warnings.push(...(found?.warnings ?? []))
  }
  const models: ResolvedModel[] = []
  for (const placed of read.models) {
    const found = await collect(placed.line, () => findModel(placed.value, read.spec, { specDir, readEnv: options.readEnv }))
    if (found) models.push(found.model)
    warnings.push(...(found?.warnings ?? []))
  }
  refuseMistakes(file, mistakes)
  const spec = read.spec as SweepSpec
  const plan = planSweep({ spec, models, tasks })
  return {
    id: `s${randomBytes(8).toString('hex')}`,
    file,
    text,
    spec,
    plan,
    warnings: [...new Set([...warnings, ...plan.warnings])],
  }
}

const isPath = (name: string) => /^(\.{1,2}\/|\/|~\/)/.test(name)

/** A path of a sweep file: relative to the file, else to the working folder where only that exists. */
function resolvePath(name: string, specDir: string): string {
  const home = name.startsWith('~/') ? join(homedir(), name.slice(2)) : name
  const besideSpec = resolve(specDir, home)
  return existsSync(besideSpec) ? besideSpec : resolve(home)
}

function findTask(
  named: NamedTask,
  place: { spec: SweepSpec | null; specDir: string; datasets: string | undefined },
): { refs: TaskRef[]; warnings: string[] } {
  const expanded = isPath(named.task)
    ? [{ name: resolvePath(named.task, place.specDir), subsets: null, splits: null }]
    : expandTaskPattern(named.task)
  if (expanded.length === 0) throw new SweepError('SB-SPEC-005', { task: named.task })
  const found = expanded.map(({ name, subsets, splits }) =>
    resolveTask(name, {
      datasetsRoot: place.datasets ? resolve(place.datasets) : undefined,
      subsets: named.subsets ?? subsets ?? undefined,
      splits: named.splits ?? splits ?? undefined,
      limit: place.spec?.limit,
    }),
  )
  return { refs: found.flatMap((one) => one.refs), warnings: found.flatMap((one) => one.warnings) }
}

async function findModel(
  named: NamedModel,
  spec: SweepSpec | null,
  place: { specDir: string; readEnv: LoadOptions['readEnv'] },
): Promise<{ model: ResolvedModel; warnings: readonly string[] }> {
  const model = isPath(named.model) ? resolvePath(named.model, place.specDir) : named.model
  const engine = named.engine ?? spec?.engine
  const info = await resolveModel(
    {
      model,
      engine: engine === undefined ? undefined : toEngineChoice(engine),
      recipe: { ...spec?.recipe, ...named.recipe },
      revision: named.revision,
    },
    { baseDir: place.specDir, readVariable: place.readEnv },
  )
  const sides: ResolvedModel['sides'] = (task, instruction) =>
    fillInstruction(info.recipe, {
      taskName: task.task,
      taskType: 'Retrieval',
      taskPrompt: taskPrompt(task.task),
      prompts: info.prompts,
      instruction,
    })
  return { model: { load: info.load, recipe: info.recipe, sides }, warnings: info.warnings }
}

function toEngineChoice(engine: EngineSpec): EngineChoice {
  if (typeof engine === 'string' || !('openai' in engine)) return engine
  const { timeout, ...rest } = engine.openai
  return { openai: { ...rest, timeout: timeout === undefined ? undefined : (parseDuration(timeout) ?? undefined) } }
}

/** The catalog's own prompt of a task; null for tasks outside it or without one. */
function taskPrompt(name: string): string | Readonly<Record<string, string>> | null {
  return findCatalogTask(name)?.prompt ?? null
}
