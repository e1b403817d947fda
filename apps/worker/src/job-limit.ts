import { SweepError } from '@sweepboard/contracts'

/** Longest delay a timer takes. */
const MOST_MS = 2 ** 31 - 1

/** The wall clock of one job: who computes it hears `signal` when the job is stopped or its time is up, whichever comes first. */
export class JobLimit {
  readonly signal: AbortSignal
  readonly #over = new AbortController()
  readonly #timer: NodeJS.Timeout
  readonly #ms: number

  constructor(stopped: AbortSignal, ms: number) {
    this.#ms = ms
    this.#timer = setTimeout(() => this.#over.abort(this.failure()), Math.min(ms, MOST_MS))
    this.signal = AbortSignal.any([stopped, this.#over.signal])
  }

  get isOver(): boolean {
    return this.#over.signal.aborted
  }

  /** `SB-WORK-025` */
  failure(): SweepError {
    return new SweepError('SB-WORK-025', { seconds: this.#ms / 1000 })
  }

  /** The job is done. */
  close(): void {
    clearTimeout(this.#timer)
  }
}
