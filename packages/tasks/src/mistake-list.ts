import { type ErrorCode, type ErrorDetails, type Mistake, mistake, SweepError } from '@sweepboard/contracts'

const LISTED_MISTAKES = 50

/** The mistakes of one task's files: all are counted, the first 50 kept. */
export class MistakeList {
  readonly task: string
  readonly #kept: Mistake[] = []
  #count = 0

  constructor(task: string) {
    this.task = task
  }

  get count(): number {
    return this.#count
  }

  add(code: ErrorCode, details: ErrorDetails, place: { file: string; line?: number }): void {
    this.#count += 1
    if (this.#kept.length < LISTED_MISTAKES) this.#kept.push(mistake(code, details, place))
  }

  /** @throws SweepError `SB-TASK-001` naming the total, with the kept mistakes, when there was any */
  refuse(): void {
    if (this.#count > 0) throw new SweepError('SB-TASK-001', { task: this.task, count: this.#count }, { mistakes: this.#kept })
  }
}
