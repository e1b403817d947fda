import type { SlotReport } from '@sweepboard/contracts'

export type SlotState = SlotReport['state']
export type SlotEvent = 'assign' | 'opened' | 'refused' | 'leave' | 'left' | 'filled' | 'emptied'

/** Every move a slot may make; anything else is a bug of ours. */
const MOVES: Readonly<Record<SlotState, Partial<Record<SlotEvent, SlotState>>>> = {
  idle: { assign: 'loading', filled: 'full' },
  loading: { opened: 'serving', refused: 'idle' },
  serving: { leave: 'draining' },
  draining: { left: 'idle' },
  full: { emptied: 'idle' },
}

/** The state after an event. TypeError where the table has no move. */
export function nextState(state: SlotState, event: SlotEvent): SlotState {
  const next = MOVES[state][event]
  if (next === undefined) throw new TypeError(`a slot that is ${state} cannot ${event}`)
  return next
}
