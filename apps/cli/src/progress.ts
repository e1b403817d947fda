import { visible } from './output.ts'

/** What a running sweep shows. */
export interface ProgressView {
  readonly sweep: string
  readonly cellsDone: number
  readonly cellsFailed: number
  readonly cellsTotal: number
  readonly tokensDone: number
  readonly tokensTotal: number
  readonly tokensPerSecond: number | null
  readonly etaSeconds: number | null
  readonly phase: string
}

export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 90) return `${Math.round(seconds)} s`
  // Rounded before it is split, else 119.7 s would read "1 min 60 s".
  const whole = Math.round(seconds)
  if (whole < 5400) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}

/** `950`, `12.3k`, `4.56M`: counts a person reads at a glance; tokens are estimated as bytes / 4. */
export function formatCount(count: number): string {
  if (count < 1000) return String(Math.round(count))
  return count < 999_950 ? `${(count / 1e3).toFixed(1)}k` : `${(count / 1e6).toFixed(2)}M`
}

export function progressLine(view: ProgressView, width: number): string {
  const share = view.cellsTotal === 0 ? 0 : (view.cellsDone + view.cellsFailed) / view.cellsTotal
  const tokenShare = view.tokensTotal === 0 ? share : view.tokensDone / view.tokensTotal
  const rate = view.tokensPerSecond === null ? '' : ` · ${formatCount(view.tokensPerSecond)} tokens/s`
  // Once all is encoded nothing is known of the time that scoring takes.
  const eta = view.etaSeconds === null || view.tokensDone >= view.tokensTotal ? '' : ` · ETA ${formatSeconds(view.etaSeconds)}`
  const failed = view.cellsFailed > 0 ? ` · ${view.cellsFailed} failed` : ''
  const words = `${view.cellsDone}/${view.cellsTotal} cells${failed} · ${formatCount(view.tokensDone)}/${formatCount(view.tokensTotal)} tokens${rate}${eta}${view.phase ? ` · ${view.phase}` : ''}`
  const room = width - words.length - 4
  if (room < 8) return words.slice(0, width - 1)
  const length = Math.min(room, 30)
  const filled = Math.round(length * ((share + tokenShare) / 2))
  return `[${'#'.repeat(filled)}${'.'.repeat(length - filled)}] ${words}`
}

/** One line on stderr that is drawn over on a terminal, and a plain line every few seconds elsewhere. */
class LinePrinter {
  #lastPlainAt = 0
  #drawn = false
  #lastText = ''

  show(drawn: (width: number) => string, plain: () => string): void {
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\x1b[2K${drawn(process.stderr.columns ?? 80)}`)
      this.#drawn = true
      return
    }
    const now = performance.now()
    if (now - this.#lastPlainAt < 2000) return
    const text = plain()
    if (text === this.#lastText) return
    this.#lastPlainAt = now
    this.#lastText = text
    process.stderr.write(`${text}\n`)
  }

  /** Takes the drawn line away, so that what follows starts on a fresh one. */
  finish(): void {
    if (this.#drawn) process.stderr.write('\r\x1b[2K')
    this.#drawn = false
  }
}

/** Progress of a sweep. */
export class ProgressPrinter {
  readonly #line = new LinePrinter()

  show(view: ProgressView): void {
    this.#line.show(
      (width) => progressLine(view, width),
      () => `${visible(view.sweep)}: ${progressLine(view, 110)}`,
    )
  }

  finish(): void {
    this.#line.finish()
  }
}

/** Progress through a number of things of one kind, with rate and ETA. */
export class CountPrinter {
  readonly #line = new LinePrinter()
  readonly #what: string
  readonly #total: number
  readonly #startedAt = performance.now()
  #shownAt = performance.now()
  #done = 0

  constructor(what: string, total: number) {
    this.#what = what
    this.#total = total
  }

  step(): void {
    this.#done += 1
    const now = performance.now()
    if (now - this.#shownAt < 200) return
    this.#shownAt = now
    const rate = this.#done / ((now - this.#startedAt) / 1000)
    const left = formatSeconds((this.#total - this.#done) / rate)
    const text = `${this.#done}/${this.#total} ${this.#what} · ${formatCount(rate)} ${this.#what}/s · ETA ${left}`
    this.#line.show(
      (width) => text.slice(0, width - 1),
      () => text,
    )
  }

  finish(): void {
    this.#line.finish()
  }
}
