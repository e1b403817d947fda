import { SweepError } from '@sweepboard/contracts'

/** Refuses a lane or ticket that cannot be part of a Redis key (`:` separates keys): our own mistake, so `SB-CORE-001`. */
export function checkName(name: string): void {
  if (!/^[A-Za-z0-9_-]{1,100}$/.test(name)) throw new SweepError('SB-CORE-001', { message: `not a lane or ticket: "${name}"` })
}

/** Refuses a prefix of keys other than one or two names with `:` between them. */
export function checkPrefix(prefix: string): void {
  if (!/^[A-Za-z0-9_-]{1,100}(:[A-Za-z0-9_-]{1,100})?$/.test(prefix))
    throw new SweepError('SB-CORE-001', { message: `not a prefix of keys: "${prefix}"` })
}
