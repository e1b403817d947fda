import {
  type Config,
  configKey,
  encodingKey,
  groupKey,
  isLexical,
  type Load,
  type Plan,
  type PlannedGroup,
  type Recipe,
  recipeKey,
  type SideRecipe,
  SweepError,
  type TaskRef,
  taskKey,
} from '@sweepboard/contracts'
import { parseDuration } from './duration.ts'
import { compileGate } from './gate.ts'
import { glob } from './pattern.ts'
import {
  type ConfigFacts,
  candidateGroup,
  childGroups,
  type PlannedStage,
  type ResolvedReranker,
  rerankStages,
} from './plan-rerank.ts'
import type { SweepSpec } from './spec-schema.ts'

/** A model after its folder or server was looked at. */
export interface ResolvedModel {
  readonly load: Load
  readonly recipe: Recipe
  /** The two sides for a task under an instruction choice: `default`, `none` or the instruction itself. Pure. */
  readonly sides: (task: TaskRef, instruction: string) => { readonly query: SideRecipe; readonly document: SideRecipe }
}

export interface PlanInput {
  readonly spec: SweepSpec
  readonly models: readonly ResolvedModel[]
  readonly tasks: readonly TaskRef[]
  /** Rerankers of `matrix.rerank`, braces expanded, in the spec's order. */
  readonly rerankers?: readonly ResolvedReranker[]
  /** Models of the spec that are rerankers: they re-order the candidate lists of tasks that have them. */
  readonly rerankingModels?: readonly ResolvedReranker[]
}

const many = <T>(value: T | readonly T[] | undefined, otherwise: T): readonly T[] =>
  value === undefined ? [otherwise] : Array.isArray(value) ? (value as readonly T[]) : [value as T]

/**
 * Multiplies a spec out: models x tasks x matrix, less `exclude`. Pure, no I/O, no clock. Cells that come out equal
 * (an instruction a model ignores, `full` beside the full dimension) are planned once. Dimensions above a model's own are
 * left out with a warning. Groups are ranked smaller tasks first, so that cells appear early.
 * @throws SweepError `SB-SPEC-008` when nothing is left to run
 */
export function planSweep({ spec, models, tasks, rerankers = [], rerankingModels = [] }: PlanInput): Plan {
  const warnings = new Set<string>()
  const groups = new Map<string, FirstStage>()
  for (const task of tasks) {
    for (const model of models) {
      if (isLexical(model.load) && !ranks(task)) {
        warnings.add(`${model.load.model} ranks documents: ${task.task} is left out, a ${task.type} task has no ranked lists`)
        continue
      }
      for (const instruction of isLexical(model.load) ? ['default'] : many(spec.matrix?.instruction, 'default')) {
        const place = { spec, model, task, instruction }
        const listed = listConfigs(place, warnings)
        const stages = rerankStages({ configs: listed, rerankers: ranks(task) ? rerankers : [], task }, (config, rerank) =>
          isExcluded(place, factsOf(config, rerank)),
        )
        const parents = new Set(stages.map(({ parent }) => configKey(parent)))
        // The first stage of what is reranked is scored with it, listed or not: its run is what the reranker re-orders.
        const configs = listed.filter((config) => parents.has(configKey(config)) || !isExcluded(place, factsOf(config, 'none')))
        if (configs.length === 0) continue
        const sides = model.sides(task, instruction)
        const key = groupKey(encodingKey(model.load.key, sides.query), encodingKey(model.load.key, sides.document), taskKey(task))
        const known = groups.get(key)
        const variant = instruction === 'default' ? '' : instruction === 'none' ? 'no instruction' : `instruction: ${instruction}`
        const recipe =
          instruction === 'default' ? model.recipe : { ...model.recipe, query: sides.query, document: sides.document }
        const group = known?.group ?? {
          key,
          task,
          sides,
          model: { load: model.load, recipe, recipeKey: recipeKey(model.load.key, recipe), variant },
        }
        const all = known?.configs ?? new Map<string, Config>()
        for (const config of configs) all.set(configKey(config), config)
        groups.set(key, { group, configs: all, stages: [...(known?.stages ?? []), ...stages] })
      }
    }
  }
  for (const { load, recipe } of rerankingModels) {
    const fitting = tasks.filter(hasCandidates)
    if (fitting.length < tasks.length)
      warnings.add(
        `${load.model} is a reranker: of itself it runs only tasks with candidate lists; over a model it stands in matrix.rerank`,
      )
    for (const task of fitting) {
      const child = candidateGroup(load, recipe(task), task)
      groups.set(child.key, { group: child, configs: new Map(child.configs.map((one) => [configKey(one), one])), stages: [] })
    }
  }
  if (groups.size === 0)
    throw new SweepError('SB-SPEC-008', { reason: '`exclude` or `dimensions` leave nothing of models x tasks x matrix' })
  const size = (task: TaskRef) => task.limit ?? task.catalog?.documentCount ?? 0
  const ordered = [...groups.values()].sort((a, b) => size(a.group.task) - size(b.group.task))
  const planned = ordered.flatMap(({ group, configs, stages }) => [
    { ...group, configs: [...configs.values()] },
    ...childGroups(group, stages),
  ])
  return {
    sweep: spec.sweep,
    groups: planned.map((group, rank) => ({ ...group, rank })),
    gates: (spec.gates ?? []).flatMap(compileGate),
    warnings: [...warnings],
    isLimited: spec.limit !== undefined,
    budget: {
      cellMs: spec.budget?.cell ? parseDuration(spec.budget.cell) : null,
      sweepMs: spec.budget?.sweep ? parseDuration(spec.budget.sweep) : null,
    },
  }
}

/** Whether a task brings lists of documents to re-order. */
function hasCandidates({ type }: Pick<TaskRef, 'type'>): boolean {
  return type === 'Reranking' || type === 'InstructionReranking'
}

/** Whether a task's result is a ranked list per query, which a reranker can re-order. */
function ranks({ type }: Pick<TaskRef, 'type'>): boolean {
  return type === undefined || hasCandidates({ type })
}

interface ConfigPlace {
  readonly spec: SweepSpec
  readonly model: ResolvedModel
  readonly task: TaskRef
  readonly instruction: string
}

interface FirstStage {
  readonly group: Omit<PlannedGroup, 'rank' | 'configs'>
  readonly configs: Map<string, Config>
  readonly stages: readonly PlannedStage[]
}

/** Configs of the first stage that the matrix names; `exclude` has been applied but for what it says of `rerank`. */
function listConfigs(place: ConfigPlace, warnings: Set<string>): Config[] {
  const { spec, model } = place
  if (isLexical(model.load)) return lexicalConfigs(place, warnings)
  const configs: Config[] = []
  for (const dimensions of many(spec.matrix?.dimensions, 'full' as const)) {
    if (dimensions !== 'full' && dimensions > model.recipe.dimensions) {
      warnings.add(`${model.load.model} has ${model.recipe.dimensions} dimensions: ${dimensions} is left out`)
      continue
    }
    for (const precision of many(spec.matrix?.precision, 'float32' as const)) {
      for (const wanted of many(spec.matrix?.similarity, 'recipe' as const)) {
        const similarity = wanted === 'recipe' ? model.recipe.similarity : wanted
        const isFull = dimensions === 'full' || dimensions === model.recipe.dimensions
        if (precision === 'binary' && similarity === 'dot' && wanted !== 'recipe') continue // 1 - 2h/d is one score, listed once under cosine
        configs.push({ dimensions: isFull ? null : dimensions, precision, similarity })
      }
    }
  }
  return configs
}

/** Token lists are compared in one way only. */
function lexicalConfigs({ spec, model }: ConfigPlace, warnings: Set<string>): Config[] {
  const { dimensions, precision, similarity } = spec.matrix ?? {}
  if ([dimensions, precision, similarity].some((axis) => axis !== undefined))
    warnings.add(`${model.load.model} has no vectors: dimensions, precision and similarity do not multiply it`)
  return [{ dimensions: null, precision: 'float32', similarity: model.recipe.similarity }]
}

/** What `exclude` may name of a config. */
function factsOf({ dimensions, precision, similarity }: Config, rerank: string): ConfigFacts {
  return { dimensions: dimensions === null ? 'full' : String(dimensions), precision, similarity, rerank }
}

function isExcluded({ spec, model, task, instruction }: ConfigPlace, values: ConfigFacts): boolean {
  const facts: Readonly<Record<string, string>> = { model: model.load.model, task: task.task, instruction, ...values }
  return (spec.exclude ?? []).some((rule) =>
    Object.entries(rule).every(([key, pattern]) => pattern === undefined || glob(String(pattern))(facts[key] as string)),
  )
}
