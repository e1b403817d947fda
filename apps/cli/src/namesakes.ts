import type { SweepStatus } from '@sweepboard/ledger'

/** Which other sweeps of a name are not ended, where a command took the newest of it; null where there is none, or an id was given. */
export function sayNamesakes(
  sweeps: readonly Pick<SweepStatus, 'id' | 'name' | 'state'>[],
  { name, taken }: { readonly name: string; readonly taken: string },
): string | null {
  if (name === taken) return null
  const others = sweeps.filter(
    (one) => one.name === name && one.id !== taken && (one.state === 'running' || one.state === 'paused'),
  )
  if (others.length === 0) return null
  const listed = others.map(({ id, state }) => `${id} (${state})`).join(', ')
  const more = others.length === 1 ? '1 more sweep of this name is' : `${others.length} more sweeps of this name are`
  return `this is the newest of its name, ${taken}; ${more} not ended: ${listed}. Give an id to mean another`
}
