import {
  type Config,
  configKey,
  encodingKey,
  groupKey,
  isLexical,
  type Load,
  namedVariant,
  type Plan,
  type Recipe,
  recipeKey,
  type SideRecipe,
  SweepError,
  shownCut,
  type TaskRef,
  taskKey,
} from '@sweepboard/contracts'
import { parseDuration } from './duration.ts'
import { compileGate } from './gate.ts'
import { glob } from './pattern.ts'
import { languageWarnings } from './plan-languages.ts'
import { candidateGroup, type ResolvedReranker } from './plan-rerank.ts'
import {
  FIRST_STAGE,
  type GroupDraft,
  type PlannedCell,
  type PlannedLine,
  type StageLine,
  secondStages,
  stageLines,
} from './plan-stages.ts'
import { uniteSlots, type WayOfModel } from './plan-ways.ts'
import type { SweepSpec } from './spec-schema.ts'

/** A model after its folder or server was looked at. */
export interface ResolvedModel extends WayOfModel {
  readonly load: Load
  readonly recipe: Recipe
  /** The two sides for a task under an instruction choice: `default`, `none` or the instruction itself. Pure. */
  readonly sides: (task: TaskRef, instruction: string) => { readonly query: SideRecipe; readonly document: SideRecipe }
}

export interface PlanInput {
  readonly spec: SweepSpec
  readonly models: readonly ResolvedModel[]
  readonly tasks: readonly TaskRef[]
  /** Rerankers of `matrix.rerank`, braces expanded, in the spec's order, in each way overrides allow. */
  readonly rerankers?: readonly ResolvedReranker[]
  /** What `matrix.hybrid` fuses with; given where it names anything. */
  readonly lexical?: ResolvedModel | undefined
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
export function planSweep({ spec, models, tasks, rerankers = [], lexical, rerankingModels = [] }: PlanInput): Plan {
  const warnings = new Set<string>()
  const groups = new Map<string, FirstStage>()
  for (const task of tasks) {
    for (const model of models) {
      if (model.tasks?.has(task.task) === false) continue
      if (isLexical(model.load) && !ranks(task)) {
        warnings.add(`${model.load.model} ranks documents: ${task.task} is left out, ${whyUnranked(task)}`)
        continue
      }
      for (const instruction of isLexical(model.load) ? ['default'] : many(spec.matrix?.instruction, 'default')) {
        const place = { spec, model, task, instruction }
        const lines = listLines(place, { rerankers, warnings })
        if (isIgnored(place))
          warnings.add(`${model.load.model}: the instruction "${instruction}" changes nothing of its texts, it is planned once`)
        if (lines.length > 0) addFirstStage(groups, place, lines)
        if (lexical !== undefined && lines.some(({ line }) => line.hybrid !== null))
          addFirstStage(groups, { spec, model: lexical, task, instruction: 'default' }, [lexicalLine(lexical)])
      }
    }
  }
  for (const { load, recipe, tasks: own, engine = '' } of rerankingModels) {
    const meant = tasks.filter(({ task }) => own?.has(task) !== false)
    const fitting = meant.filter(hasCandidates)
    if (fitting.length < meant.length)
      warnings.add(
        `${load.model} is a reranker: of itself it runs only tasks with candidate lists (not in MTEB 1's form, \`mainScore: map\` or \`mrr\`); over a model it stands in matrix.rerank`,
      )
    for (const task of fitting) {
      const child = candidateGroup(load, recipe(task), task, namedVariant(engine, ''))
      const place = { spec, model: { load, recipe: child.model.recipe }, task, instruction: 'default' }
      const lines = child.configs.flatMap((config) =>
        stageLines({ hybrids: [null], rerankers: [null], cuts: cutsOf(spec) })
          .filter((line) => line.cut === null || !isExcluded(place, factsOf(config, line)))
          .map((line) => ({ config, line })),
      )
      groups.set(child.key, { group: child, lines })
    }
  }
  if (groups.size === 0)
    throw new SweepError('SB-SPEC-008', { reason: '`exclude` or `dimensions` leave nothing of models x tasks x matrix' })
  const size = (task: TaskRef) => task.limit ?? task.catalog?.documentCount ?? 0
  // Lexical groups first: hybrids of the same task stand behind what they are fused with.
  const ordered = [...groups.values()].sort(
    (a, b) =>
      size(a.group.task) - size(b.group.task) || Number(isLexical(b.group.model.load)) - Number(isLexical(a.group.model.load)),
  )
  const planned = uniteSlots(
    ordered.flatMap(({ group, lines }) => [
      { ...group, configs: distinctConfigs(lines) },
      ...secondStages(group, lines, lexical === undefined ? null : lexicalCell(lexical, group.task)),
    ]),
    [...models, ...rerankers, ...rerankingModels, ...(lexical ? [lexical] : [])].map(({ load }) => load),
  )
  return {
    sweep: spec.sweep,
    groups: planned.map((group, rank) => ({ ...group, rank })),
    gates: (spec.gates ?? []).flatMap(compileGate),
    warnings: [...warnings, ...languageWarnings(planned)],
    isLimited: spec.limit !== undefined,
    budget: {
      cellMs: spec.budget?.cell ? parseDuration(spec.budget.cell) : null,
      sweepMs: spec.budget?.sweep ? parseDuration(spec.budget.sweep) : null,
    },
  }
}

/** Whether a reranking task is scored as MTEB 1 did: over pairs of vectors, its lists are kept nowhere. */
function isFirstForm({ type, mainScore }: Pick<TaskRef, 'type' | 'mainScore'>): boolean {
  return type === 'Reranking' && (mainScore === 'map' || mainScore === 'mrr')
}

/** Whether a task brings lists of documents to re-order. */
function hasCandidates(task: Pick<TaskRef, 'type' | 'mainScore'>): boolean {
  return (task.type === 'Reranking' && !isFirstForm(task)) || task.type === 'InstructionReranking'
}

/** Whether a task's result is a ranked list per query, which a reranker can re-order. */
function ranks(task: Pick<TaskRef, 'type' | 'mainScore'>): boolean {
  return task.type === undefined || hasCandidates(task)
}

function whyUnranked(task: TaskRef): string {
  if (!isFirstForm(task)) return `${task.type} has no ranked lists`
  return `\`mainScore: ${task.mainScore}\` is MTEB 1's form, over vectors alone: without it in task.json the lists are ranked (map_at_1000)`
}

interface ConfigPlace {
  readonly spec: SweepSpec
  readonly model: Pick<ResolvedModel, 'load' | 'recipe'>
  readonly task: TaskRef
  readonly instruction: string
}

interface FirstStage {
  readonly group: GroupDraft
  readonly lines: readonly PlannedLine[]
}

/** Puts lines into the group of their model, task and instruction; instructions that come out equal share it. */
function addFirstStage(
  groups: Map<string, FirstStage>,
  { model, task, instruction }: ConfigPlace & { readonly model: ResolvedModel },
  lines: readonly PlannedLine[],
): void {
  const sides = model.sides(task, instruction)
  const key = keyOfFirstStage(model, task, sides)
  const known = groups.get(key)
  const instructed = instruction === 'default' ? '' : instruction === 'none' ? 'no instruction' : `instruction: ${instruction}`
  const variant = namedVariant(model.engine ?? '', instructed)
  const recipe = instruction === 'default' ? model.recipe : { ...model.recipe, query: sides.query, document: sides.document }
  const group = known?.group ?? {
    key,
    task,
    sides,
    model: { load: model.load, recipe, recipeKey: recipeKey(model.load.key, recipe), variant },
  }
  groups.set(key, { group, lines: [...(known?.lines ?? []), ...lines] })
}

/** An instruction of the spec's own that gives the very texts of the default one: most models take none. */
function isIgnored({ model, task, instruction }: ConfigPlace & { readonly model: ResolvedModel }): boolean {
  if (instruction === 'default' || instruction === 'none') return false
  const key = (choice: string) => keyOfFirstStage(model, task, model.sides(task, choice))
  return key(instruction) === key('default')
}

function keyOfFirstStage({ load }: ResolvedModel, task: TaskRef, sides: ReturnType<ResolvedModel['sides']>): string {
  return groupKey(encodingKey(load.key, sides.query), encodingKey(load.key, sides.document), taskKey(task))
}

/** The only cell of a lexical model on a task, which hybrids are fused with. */
function lexicalCell(lexical: ResolvedModel, task: TaskRef): { cell: PlannedCell; model: { model: string; revision: string } } {
  const { model, revision } = lexical.load
  const { config } = lexicalLine(lexical)
  return { cell: { group: keyOfFirstStage(lexical, task, lexical.sides(task, 'default')), config }, model: { model, revision } }
}

function lexicalLine({ recipe }: Pick<ResolvedModel, 'recipe'>): PlannedLine {
  return { config: { dimensions: null, precision: 'float32', similarity: recipe.similarity }, line: FIRST_STAGE }
}

function distinctConfigs(lines: readonly PlannedLine[]): Config[] {
  return [...new Map(lines.map(({ config }) => [configKey(config), config])).values()]
}

/**
 * First-stage configs of the matrix with every second stage over them, less what is excluded. The first stage of a line is planned with
 * it, listed or not: its run is what the second stage is made from.
 */
function listLines(
  place: ConfigPlace,
  { rerankers, warnings }: { rerankers: readonly ResolvedReranker[]; warnings: Set<string> },
): PlannedLine[] {
  const { spec, task, model } = place
  const { rerank, hybrid } = spec.matrix ?? {}
  const isNoneListed = [rerank ?? 'none'].flat().includes('none')
  const weights = [hybrid ?? ('none' as const)].flat().map((one) => (one === 'none' ? null : one.bm25))
  const stages = !ranks(task)
    ? stageLines({ hybrids: [null], rerankers: [null], cuts: [null] })
    : stageLines({
        hybrids: isLexical(model.load) ? [null] : weights,
        rerankers: [
          ...(isNoneListed || rerankers.length === 0 ? [null] : []),
          ...rerankers.filter(({ tasks }) => tasks?.has(task.task) !== false),
        ],
        cuts: cutsOf(spec),
      })
  return listConfigs(place, warnings).flatMap((config) =>
    stages.filter((line) => !isExcluded(place, factsOf(config, line))).map((line) => ({ config, line })),
  )
}

function cutsOf(spec: SweepSpec): StageLine['cut'][] {
  return [spec.matrix?.cut ?? ('none' as const)].flat().map((cut) => (cut === 'none' ? null : cut))
}

/** Configs of the first stage that the matrix names. */
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
        const isFull = dimensions === 'full' || dimensions === model.recipe.dimensions
        // Slices of unit vectors are normalised again: their dot product is their cosine.
        const isUnitSlice = !isFull && hasUnitVectors(model.recipe)
        const similarity = isUnitSlice ? 'cosine' : wanted === 'recipe' ? model.recipe.similarity : wanted
        if (precision === 'binary' && similarity === 'dot' && wanted !== 'recipe') continue // 1 - 2h/d is one score, listed once under cosine
        const config = { dimensions: isFull ? null : dimensions, precision, similarity }
        if (!configs.some((known) => configKey(known) === configKey(config))) configs.push(config)
      }
    }
  }
  return configs
}

function hasUnitVectors({ query, document }: Recipe): boolean {
  return query.normalize && document.normalize
}

/** Token lists are compared in one way only. */
function lexicalConfigs({ spec, model }: ConfigPlace, warnings: Set<string>): Config[] {
  const { dimensions, precision, similarity } = spec.matrix ?? {}
  if ([dimensions, precision, similarity].some((axis) => axis !== undefined))
    warnings.add(`${model.load.model} has no vectors: dimensions, precision and similarity do not multiply it`)
  return [lexicalLine(model).config]
}

/** What `exclude` may name of a cell. */
function factsOf({ dimensions, precision, similarity }: Config, { hybrid, reranker, cut }: StageLine): ConfigFacts {
  return {
    dimensions: dimensions === null ? 'full' : String(dimensions),
    precision,
    similarity,
    hybrid: String(hybrid ?? 'none'),
    rerank: reranker?.load.model ?? 'none',
    cut: cut === null ? 'none' : shownCut(cut),
  }
}

interface ConfigFacts {
  readonly dimensions: string
  readonly precision: string
  readonly similarity: string
  /** Weight of the lexical score, `rrf` or `none`. */
  readonly hybrid: string
  /** Name of the reranker, or `none`. */
  readonly rerank: string
  /** `top 5`, `score 0.5` or `none`. */
  readonly cut: string
}

function isExcluded({ spec, model, task, instruction }: ConfigPlace, values: ConfigFacts): boolean {
  const facts: Readonly<Record<string, string>> = { model: model.load.model, task: task.task, instruction, ...values }
  return (spec.exclude ?? []).some((rule) =>
    Object.entries(rule).every(([key, pattern]) => pattern === undefined || glob(String(pattern))(facts[key] as string)),
  )
}
