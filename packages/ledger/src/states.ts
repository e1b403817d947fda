/**
 * Every state machine of the ledger, written once (protocol section 3): state -> event -> next state. An event that a state does
 * not list is refused or ignored by whoever asks.
 */
type Machine = Readonly<Record<string, Readonly<Record<string, string>>>>

export const SWEEP = {
  none: { submit: 'running' },
  running: { pause: 'paused', cancel: 'cancelled', finish: 'done' },
  paused: { resume: 'running', cancel: 'cancelled', finish: 'done' },
  cancelled: { retry: 'running' },
  done: { retry: 'running' },
} as const satisfies Machine

export const WANT = {
  open: { settle: 'closed' },
  closed: { reopen: 'open' },
} as const satisfies Machine

/** `waiting` is the absence of a row. `scored` never changes. */
export const CELL = {
  waiting: { score: 'scored', fail: 'failed' },
  failed: { score: 'scored', reopen: 'stale' },
  stale: { score: 'scored', fail: 'failed' },
  scored: {},
} as const satisfies Machine

export const CHUNK = {
  todo: { lease: 'leased', commit: 'done', fail: 'failed' },
  leased: { commit: 'done', close: 'todo', fail: 'failed' },
  failed: { commit: 'done', reopen: 'todo' },
  done: { revoke: 'todo', forget: 'todo' },
} as const satisfies Machine

/** `gone` is the absence of the row: an id is used once and never revived. */
export const LEASE = {
  none: { send: 'sent' },
  sent: { claim: 'claimed', close: 'gone' },
  claimed: { close: 'gone' },
  gone: {},
} as const satisfies Machine

export const PREPARATION = {
  none: { submit: 'wanted' },
  wanted: { prepare: 'prepared', fail: 'failed' },
  prepared: { damage: 'wanted' },
  failed: { prepare: 'prepared', reopen: 'wanted' },
} as const satisfies Machine

/** `partial`: at least one chunk has no digest. */
export const ENCODING = {
  partial: { lastCommit: 'complete' },
  complete: { revoke: 'partial', forget: 'partial' },
} as const satisfies Machine

/** The state after an event, or null where the table does not list it. */
export function nextState<M extends Machine>(machine: M, state: keyof M & string, event: string): (keyof M & string) | null {
  const row: Readonly<Record<string, string>> | undefined = machine[state]
  const to = row === undefined ? undefined : Object.hasOwn(row, event) ? row[event] : undefined
  return (to as (keyof M & string) | undefined) ?? null
}
