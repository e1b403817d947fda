import type { Recipe, SideRecipe } from '@sweepboard/contracts'
import { wantsInstruction } from './template.ts'

export type PromptSide = 'query' | 'document'

/** A model's own prompts by side, keyed by task name, task type, side, or `<name or type>-<side>`; null = the recipe's template stands. */
export interface SidePrompts {
  readonly query: Readonly<Record<string, string>> | null
  readonly document: Readonly<Record<string, string>> | null
  /** Prompt of families without sides where no other is found: the config's `default_prompt_name`. */
  readonly fallback?: string | null | undefined
  /** Adapter numbers by the same keys as prompts; null or absent for models without. */
  readonly adapters?: Readonly<Record<string, number>> | null | undefined
}

export interface InstructionTask {
  readonly taskName: string
  /** MTEB's spelling, e.g. `Retrieval`. */
  readonly taskType: string
  /** The catalog's `prompt`: one for both sides, one a side, or none. */
  readonly taskPrompt: string | Readonly<Record<string, string>> | null
  readonly prompts: SidePrompts
  /** `default`, `none`, or the instruction itself. */
  readonly instruction?: string | undefined
}

/** Families that encode queries and documents apart; all others encode without a prompt type (mteb-protocol 2.2). */
const SIDED: readonly string[] = ['Retrieval', 'Reranking', 'InstructionRetrieval', 'InstructionReranking']

/** Family defaults of mteb 2.20.0 for tasks without a prompt (mteb-protocol 2.2 b). */
const FAMILY_INSTRUCTION: Readonly<Record<string, string>> = {
  Retrieval: 'Retrieve text based on user query.',
  Reranking: 'Retrieve text based on user query.',
  InstructionRetrieval: 'Retrieve text based on user query.',
  InstructionReranking: 'Retrieve text based on user query.',
  Classification: 'Classify user passages.',
  MultilabelClassification: 'Classify user passages.',
  Clustering: 'Identify categories in user passages.',
  STS: 'Retrieve semantically similar text.',
  PairClassification: 'Retrieve text that are semantically similar to the given text.',
  BitextMining: 'Retrieve parallel sentences.',
  Summarization: 'Given a news summary, retrieve other semantically similar summaries.',
}

/**
 * The two sides of a recipe for one task, after MTEB's rules. A template with `{instruction}` gets the instruction
 * (2.2 b: model's prompts, else the task's prompt, else the family's default); without one a matching task prompt of the
 * model's dictionary is prepended verbatim (2.2 a). Families other than retrieval and reranking have no sides: both come out
 * in the query form, without the side's own prompt. `none` takes prompt and instruction away. Pure; sides that come out alike
 * are equal values, so they share an encoding key.
 */
export function fillInstruction(recipe: Recipe, task: InstructionTask): { query: SideRecipe; document: SideRecipe } {
  if (SIDED.includes(task.taskType))
    return { query: fillSide(recipe.query, 'query', task), document: fillSide(recipe.document, 'document', task) }
  const both = fillSide(recipe.query, null, task)
  return { query: both, document: both }
}

/** `ptype` null: the texts of families without sides. */
function fillSide(given: SideRecipe, ptype: PromptSide | null, task: InstructionTask): SideRecipe {
  const choice = task.instruction ?? 'default'
  const own = task.prompts[ptype ?? 'query']
  const side = withAdapter(given, ptype, task)
  if (wantsInstruction(side.template)) {
    const instruction =
      choice === 'none' ? '' : choice === 'default' ? (side.instruction ?? resolveInstruction(ptype, task)) : choice
    return instruction === '' ? { ...side, template: '{text}', instruction: null } : { ...side, instruction }
  }
  if (own === null) return { ...side, instruction: null }
  if (choice === 'none') return { ...side, template: '{text}', instruction: null }
  const prompt = firstOf(own, ptype, task)
  const fallback = ptype === null ? `${task.prompts.fallback ?? ''}{text}` : side.template
  return { ...side, template: prompt === undefined ? fallback : `${prompt}{text}`, instruction: null }
}

function withAdapter(side: SideRecipe, ptype: PromptSide | null, task: InstructionTask): SideRecipe {
  const found = task.prompts.adapters ? firstOf(task.prompts.adapters, ptype, task) : undefined
  return found === undefined ? side : { ...side, adapter: found }
}

function firstOf<T>(given: Readonly<Record<string, T>>, ptype: PromptSide | null, task: InstructionTask): T | undefined {
  const { taskName, taskType } = task
  const keys = ptype === null ? [taskName, taskType] : [`${taskName}-${ptype}`, taskName, `${taskType}-${ptype}`, taskType, ptype]
  return keys.map((key) => given[key]).find((value) => value !== undefined)
}

function resolveInstruction(ptype: PromptSide | null, task: InstructionTask): string {
  const own = task.prompts[ptype ?? 'query'] ?? {}
  const side = ptype === null ? undefined : own[ptype]
  const given = own[task.taskName] ?? own[task.taskType] ?? side ?? task.taskPrompt
  if (given !== null && typeof given === 'object') return (ptype === null ? Object.values(given)[0] : given[ptype]) ?? ''
  return given ?? FAMILY_INSTRUCTION[task.taskType] ?? ''
}
