import { SweepError } from '@sweepboard/contracts'
import type { Trouble } from './server-trouble.ts'

export interface DeathFacts {
  readonly model: string
  readonly slot: string
  readonly during: 'starting' | 'ready'
  /** How it ended, as a predicate: `ended with exit code 1`. */
  readonly what: string
  /** End of its log. */
  readonly tail: string
  /** Errors its log named since its start, the oldest first. */
  readonly faults: readonly string[]
  /** What its log said about the device since its start, or since it was ready. */
  readonly trouble: { readonly kind: Trouble; readonly line: string } | null
  /** The driver says that a device of the slot is lost. */
  readonly isDeviceLost: boolean
}

/**
 * What a death is called: `death` (`SB-WORK-020` of one that served, `SB-WORK-021` of one that did not come that far, with `trouble` in its
 * details), and `closes` where no other start on this slot can end better: the device is gone (`SB-WORK-024`), or too small to start on
 * (`SB-WORK-023`).
 */
export function judgeDeath(facts: DeathFacts): { readonly death: SweepError; readonly closes: SweepError | null } {
  const { model, slot, during, what, tail, faults, trouble, isDeviceLost } = facts
  const earlier = faults.filter((fault) => !tail.includes(fault))
  const told = [
    what,
    ...(earlier.length === 0 ? [] : [`; it said:\n${earlier.join('\n')}`]),
    ...(tail === '' ? [] : [`${earlier.length === 0 ? '; ' : '\n'}its last lines:\n${tail}`]),
  ].join('')
  const kind = isDeviceLost ? 'device' : (trouble?.kind ?? null)
  const code = during === 'ready' ? 'SB-WORK-020' : 'SB-WORK-021'
  const death = new SweepError(code, { model, slot, what: told, trouble: kind })
  if (kind === 'device') {
    const line = trouble?.kind === 'device' ? trouble.line : 'the driver does not list it any more'
    return { death, closes: new SweepError('SB-WORK-024', { slot, what: `${line} (the server of ${model} ${told})` }) }
  }
  if (kind === 'memory' && during === 'starting')
    return { death, closes: new SweepError('SB-WORK-023', { model, slot, what: `${trouble?.line} (it ${told})` }) }
  return { death, closes: null }
}
