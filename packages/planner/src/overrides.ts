import { type Mistake, mistake, type SlotChoice, type SlotCondition } from '@sweepboard/contracts'
import { z } from 'zod'
import { parseByteSize } from './byte-size.ts'
import { EngineSpec, RecipeSpec } from './engine-schema.ts'
import { glob } from './pattern.ts'

/** A bound of a slot's memory such as "<20GB" or ">= 24 GiB"; null for anything else. */
export function parseMemoryBound(text: string): SlotCondition['memory'][number] | null {
  const [, op, size = ''] = /^\s*(<=|>=|<|>)\s*(\S.*)$/.exec(text) ?? []
  const bytes = op === undefined || !/[a-z]\s*$/i.test(size) ? null : parseByteSize(size)
  return bytes === null ? null : { op: op as '<' | '<=' | '>' | '>=', bytes }
}

const memoryBound = z.string().refine((text) => parseMemoryBound(text) !== null, 'must be a bound such as "<20GB" or ">= 24GiB"')

/** One member of `overrides`. */
export const OverrideSpec = z
  .strictObject({
    when: z
      .strictObject({
        model: z.string().min(1).optional().describe('Pattern over the names of models, e.g. "*-8B"'),
        task: z.string().min(1).optional().describe('Pattern over the names of tasks'),
        memory: z
          .union([memoryBound, z.array(memoryBound).min(1).max(8)])
          .optional()
          .describe('Memory of a slot, all its GPUs together, e.g. "<20GB"; of CPU slots only with `device: cpu`'),
        device: z.enum(['cuda', 'cpu']).optional().describe('Kind of slot'),
      })
      .refine((when) => Object.keys(when).length > 0, 'must say when: model, task, memory or device'),
    engine: EngineSpec.optional().describe('Engine in place of the one the model has'),
    recipe: RecipeSpec.optional().describe('Laid over the recipe the model has'),
  })
  .superRefine(({ when, engine, recipe }, context) => {
    const decidesBySlot = when.memory !== undefined || when.device !== undefined
    if (engine === undefined && recipe === undefined)
      context.addIssue({ code: 'custom', message: 'must give an engine, a recipe or both' })
    else if (decidesBySlot && engine === undefined)
      context.addIssue({
        code: 'custom',
        message: 'memory and device tell slots apart by what they have loaded: an `engine` is needed beside the recipe',
      })
    else if (decidesBySlot && urlOf(engine) !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['engine'],
        message: 'a server that runs already has no slot here: memory and device do not apply to it',
      })
  })
export type OverrideSpec = z.infer<typeof OverrideSpec>

function urlOf(engine: EngineSpec | undefined): unknown {
  if (engine === undefined || typeof engine === 'string') return undefined
  const [options] = Object.values(engine) as ({ readonly url?: unknown } | null)[]
  return options?.url
}

/** A model entry as overrides see it. */
export interface Overridable {
  readonly model: string
  readonly engine?: EngineSpec | undefined
  readonly recipe?: RecipeSpec | undefined
}

/** One way to compute a model: what overrides leave of its entry, and the slots this way is for. */
export interface Alternative<M extends Overridable> {
  readonly named: M
  /** Null: any slot that fits. */
  readonly slots: SlotChoice | null
  /** What stands beside the model on the board; empty on the model's own way. */
  readonly engine: string
  /** Place in `overrides`; null on the model's own way. */
  readonly override: number | null
}

/**
 * The ways to compute a model on a task. Overrides without memory and device are laid over the entry, one after the other. Of those
 * that decide by slot the last one that a slot meets decides; a slot that meets none of them takes the model's own way, which comes first.
 * With `mustName` only overrides that name models count: rerankers of the matrix are not meant by one for every model, as they are not by
 * `engine` of the sweep.
 */
export function alternativesOf<M extends Overridable>(
  named: M,
  overrides: readonly OverrideSpec[],
  task: string,
  { mustName = false } = {},
): [Alternative<M>, ...Alternative<M>[]] {
  const matching = overrides.flatMap((override, index) => {
    const isMeant = matchesModel(override, named.model) && !(mustName && override.when.model === undefined)
    return isMeant && glob(override.when.task ?? '*')(task) ? [{ override, index }] : []
  })
  const own = matching.reduce((base, { override }) => (conditionOf(override) === null ? lay(base, override) : base), named)
  const bySlot = matching.flatMap(({ override, index }) => {
    const is = conditionOf(override)
    return is === null ? [] : [{ override, index, is }]
  })
  const not = (from: number) => bySlot.slice(from).map(({ is }) => is)
  const slots = bySlot.length === 0 ? null : { is: null, not: not(0) }
  return [
    { named: own, slots, engine: '', override: null },
    ...bySlot.map(({ override, index, is }, at) => ({
      named: lay(own, override),
      slots: { is, not: not(at + 1) },
      engine: nameEngine(override.engine as EngineSpec),
      override: index,
    })),
  ]
}

/** Whether overrides decide by slot for any model at all. */
export function decidesBySlot(overrides: readonly OverrideSpec[] | undefined): boolean {
  return (overrides ?? []).some((override) => conditionOf(override) !== null)
}

/** What a slot must be like; null where it does not matter. Memory alone is that of GPUs. */
function conditionOf({ when }: OverrideSpec): SlotCondition | null {
  if (when.memory === undefined && when.device === undefined) return null
  const memory = [when.memory ?? []].flat().flatMap((bound) => parseMemoryBound(bound) ?? [])
  return { device: when.device ?? 'cuda', memory }
}

/** A folder is met by its path and by the name it has on the board. */
function matchesModel({ when }: OverrideSpec, model: string): boolean {
  const isPattern = glob(when.model ?? '*')
  const isFolder = /^(\.{1,2}|~)?\//.test(model)
  return isPattern(model) || (isFolder && isPattern(`local/${model.replace(/\/+$/, '').split('/').at(-1)}`))
}

function lay<M extends Overridable>(base: M, { engine, recipe }: OverrideSpec): M {
  const { query, document } = base.recipe ?? {}
  const sides = {
    ...((query ?? recipe?.query) && { query: { ...query, ...recipe?.query } }),
    ...((document ?? recipe?.document) && { document: { ...document, ...recipe?.document } }),
  }
  return {
    ...base,
    ...(engine !== undefined && { engine }),
    ...(recipe !== undefined && { recipe: { ...base.recipe, ...recipe, ...sides } }),
  }
}

/** Engine with what tells it from others of its kind: `llamacpp Q8_0`, `vllm bfloat16`. */
function nameEngine(engine: EngineSpec): string {
  if (typeof engine === 'string') return engine
  const [[name, options]] = Object.entries(engine) as [[string, Readonly<Record<string, unknown>> | null]]
  const own = ['name', 'dtype', 'quantization', 'file', 'model', 'provider'].map((key) => options?.[key])
  const words = own.flatMap((value) => (typeof value === 'string' ? [value.slice(value.lastIndexOf('/') + 1)] : []))
  return [...(name === 'launch' ? [] : [name]), ...words].join(' ')
}

/** Patterns that meet no model of the file: each with the line its override stands on. */
export function unmetModels(
  overrides: readonly OverrideSpec[],
  models: readonly string[],
  place: { readonly file: string; readonly line: (override: number) => number },
): Mistake[] {
  return overrides.flatMap((override, i) =>
    models.some((model) => matchesModel(override, model))
      ? []
      : [
          mistake(
            'SB-SPEC-004',
            { path: `overrides.${i}.when.model`, message: unmet(override.when.model ?? '*', 'models', models) },
            { file: place.file, line: place.line(i) },
          ),
        ],
  )
}

/** Patterns that meet no task; asked once the tasks are known, because one name may be a whole benchmark. */
export function unmetTasks(
  overrides: readonly OverrideSpec[],
  tasks: readonly string[],
  place: { readonly file: string; readonly line: (override: number) => number },
): Mistake[] {
  return overrides.flatMap(({ when }, i) =>
    when.task === undefined || tasks.some(glob(when.task))
      ? []
      : [
          mistake(
            'SB-SPEC-004',
            { path: `overrides.${i}.when.task`, message: unmet(when.task, 'tasks', tasks) },
            { file: place.file, line: place.line(i) },
          ),
        ],
  )
}

function unmet(pattern: string, what: string, names: readonly string[]): string {
  const distinct = [...new Set(names)]
  const shown = `${distinct.slice(0, 8).join(', ')}${distinct.length > 8 ? ` and ${distinct.length - 8} more` : ''}`
  return `"${pattern}" matches none of the ${what}: ${shown}`
}
