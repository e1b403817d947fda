import { type PlannedGroup, unclaimedBy } from '@sweepboard/contracts'

/** What a plan says of models whose cards do not claim a task's language: one sentence a model; its rows carry the note. */
export function languageWarnings(groups: readonly Pick<PlannedGroup, 'model' | 'task' | 'rerank'>[]): string[] {
  const found = new Map<string, { readonly languages: Set<string>; readonly tasks: Set<string> }>()
  for (const { model, task, rerank } of groups) {
    for (const load of [model.load, ...(rerank ? [rerank.load] : [])]) {
      const languages = unclaimedBy([load], task.languages)
      if (languages.length === 0) continue
      const held = found.get(load.model) ?? { languages: new Set<string>(), tasks: new Set<string>() }
      found.set(load.model, held)
      for (const language of languages) held.languages.add(language)
      held.tasks.add(task.task)
    }
  }
  return [...found].map(
    ([model, { languages, tasks }]) =>
      `${model} does not claim ${[...languages].join(', ')}: its rows of ${[...tasks].join(', ')} carry "language not claimed"`,
  )
}
