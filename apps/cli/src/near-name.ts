import { type ErrorDetails, SweepError } from '@sweepboard/contracts'
import { builtInModels, recipeBook } from '@sweepboard/models'
import { closest } from '@sweepboard/tasks'

/** Names that the recipe book or the program itself knows. */
function knownModels(): string[] {
  return [...builtInModels().map((one) => one.model), ...[...recipeBook().values()].map((one) => one.model)]
}

/** A model nothing is known of, with the one that may have been meant: mistyped, or without its organisation. Other errors as they are. */
export function withNearModel(thrown: unknown, model: string): unknown {
  if (!(thrown instanceof SweepError)) return thrown
  const { code, details } = thrown
  const isUnknown = code === 'SB-SPEC-006' || (code === 'SB-MODEL-004' && details.model === model) || code === 'SB-MODEL-013'
  if (!isUnknown || details.suggestion) return thrown
  const names = knownModels()
  if (names.includes(model)) return thrown
  const suggestion = names.find((name) => name.endsWith(`/${model}`)) ?? closest(model, names)
  return suggestion === null ? thrown : again(thrown, { suggestion })
}

/** A launcher nobody knows, with the nearest of those there are. Other errors as they are. */
export function withNearLauncher(thrown: unknown): unknown {
  if (!(thrown instanceof SweepError) || thrown.code !== 'SB-WORK-031') return thrown
  const { launcher, known } = thrown.details
  const suggestion = closest(String(launcher), String(known ?? '').split(', '))
  return suggestion === null ? thrown : again(thrown, { suggestion })
}

function again(thrown: SweepError, more: ErrorDetails): SweepError {
  return new SweepError(thrown.code, { ...thrown.details, ...more }, { cause: thrown, mistakes: thrown.mistakes })
}
