/**
 * Where the server of one load on one slot is. `died` and `waiting` are between two starts: what is left of the process is
 * cleared away, then a pause; `closed` is for good.
 */
export type ServerState = 'stopped' | 'starting' | 'ready' | 'stopping' | 'died' | 'waiting' | 'closed'
export type ServerEvent = 'start' | 'answers' | 'exits' | 'stop' | 'gone' | 'cleared' | 'wait-over' | 'give-up'

/** Every move a server may make; anything else is a bug of ours. */
export const SERVER_MOVES: Readonly<Record<ServerState, Partial<Record<ServerEvent, ServerState>>>> = {
  stopped: { start: 'starting' },
  // `stop` while it loads: the slot was told to serve another lane.
  starting: { answers: 'ready', exits: 'died', stop: 'stopping' },
  ready: { exits: 'died', stop: 'stopping' },
  stopping: { gone: 'stopped' },
  died: { cleared: 'waiting', 'give-up': 'closed', stop: 'stopping' },
  waiting: { 'wait-over': 'starting', stop: 'stopping' },
  closed: {},
}

/** The state after an event. TypeError where the table has no move. */
export function nextServerState(state: ServerState, event: ServerEvent): ServerState {
  const next = SERVER_MOVES[state][event]
  if (next === undefined) throw new TypeError(`a server that is ${state} cannot ${event}`)
  return next
}

/** Starts in a row that may fail. */
const FAILED_STARTS = 3
/** Restarts after deaths without one range of texts encoded in between. */
const RESTARTS = 3
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 30_000

/** Counts deaths of one server: says how long to wait before the next start, or that there is none. */
export class ServerDeaths {
  #failedStarts = 0
  #restarts = 0

  /** It answered its readiness route. */
  started(): void {
    this.#failedStarts = 0
  }

  /** It encoded what it was asked for. */
  served(): void {
    this.#restarts = 0
  }

  /** Milliseconds to wait; null: three starts in a row failed, or three restarts led to nothing. */
  died(during: 'starting' | 'ready'): number | null {
    if (during === 'starting') this.#failedStarts += 1
    else this.#restarts += 1
    if (this.#failedStarts >= FAILED_STARTS || this.#restarts > RESTARTS) return null
    const before = Math.max(this.#failedStarts, this.#restarts) - 1
    return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** before)
  }
}
