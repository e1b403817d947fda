import { type Load, SweepError } from '@sweepboard/contracts'
import type { WorkerOptions } from './options.ts'

/** The API key a load wants, read from the variable it names; null where it names none. Throws `SB-HTTP-006` when that may not be read here. */
export function readKey(load: Load, options: Pick<WorkerOptions, 'allowEnv' | 'readEnv'>): string | null {
  const variable = load.open.keyVariable
  if (variable === null) return null
  const value = options.allowEnv.includes(variable) ? options.readEnv(variable) : undefined
  if (value === undefined || value === '') throw new SweepError('SB-HTTP-006', { variable })
  return value
}
