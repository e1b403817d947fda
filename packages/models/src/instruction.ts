import type { Recipe, SideRecipe } from '@sweepboard/contracts'
import { wantsInstruction } from './template.ts'

export type PromptSide = 'query' | 'document'

/** A model's own prompts by side, keyed by task name, task type, side, or `<name or type>-<side>`; null = the recipe's template stands. */
export interface SidePrompts {
  readonly query: Readonly<Record<string, string>> | null
  readonly document: Readonly<Record<string, string>> | null
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

/** Family defaults of mteb 2.20.0 for tasks without a prompt (mteb-protocol 2.2 b). */
const FAMILY_INSTRUCTION: Readonly<Record<string, string>> = {
  Retrieval: 'Retrieve text based on user query.',
  Reranking: 'Retrieve text based on user query.',
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
 * model's dictionary is prepended verbatim (2.2 a). `none` takes both away. Pure; sides that come out alike are equal
 * values, so they share an encoding key.
 */
export function fillInstruction(recipe: Recipe, task: InstructionTask): { query: SideRecipe; document: SideRecipe } {
  return { query: fillSide(recipe.query, 'query', task), document: fillSide(recipe.document, 'document', task) }
}

function fillSide(side: SideRecipe, ptype: PromptSide, task: InstructionTask): SideRecipe {
  const choice = task.instruction ?? 'default'
  const own = task.prompts[ptype]
  if (wantsInstruction(side.template)) {
    const instruction =
      choice === 'none' ? '' : choice === 'default' ? (side.instruction ?? resolveInstruction(ptype, task)) : choice
    return instruction === '' ? { ...side, template: '{text}', instruction: null } : { ...side, instruction }
  }
  if (choice === 'none' && own !== null) return { ...side, template: '{text}', instruction: null }
  const prompt = own === null ? undefined : firstPrompt(own, ptype, task)
  return { ...side, template: prompt === undefined ? side.template : `${prompt}{text}`, instruction: null }
}

function firstPrompt(prompts: Readonly<Record<string, string>>, ptype: PromptSide, task: InstructionTask): string | undefined {
  const keys = [`${task.taskName}-${ptype}`, task.taskName, `${task.taskType}-${ptype}`, task.taskType, ptype]
  return keys.map((key) => prompts[key]).find((prompt) => prompt !== undefined)
}

function resolveInstruction(ptype: PromptSide, task: InstructionTask): string {
  const own = task.prompts[ptype] ?? {}
  const given = own[task.taskName] ?? own[task.taskType] ?? own[ptype] ?? task.taskPrompt
  if (given !== null && typeof given === 'object') return given[ptype] ?? ''
  return given ?? FAMILY_INSTRUCTION[task.taskType] ?? ''
}
