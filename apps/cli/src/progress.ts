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
  const eta = view.etaSeconds === null ? '' : ` · ETA ${formatSeconds(view.etaSeconds)}`
  const failed = view.cellsFailed > 0 ? ` · ${view.cellsFailed} failed` : ''
  const words = `${view.cellsDone}/${view.cellsTotal} cells${failed} · ${formatCount(view.tokensDone)}/${formatCount(view.tokensTotal)} tokens${rate}${eta}${view.phase ? ` · ${view.phase}` : ''}`
  const room = width - words.length - 4
  if (room < 8) return words.slice(0, width - 1)
  const length = Math.min(room, 30)
  const filled = Math.round(length * ((share + tokenShare) / 2))
  return `[${'#'.repeat(filled)}${'.'.repeat(length - filled)}] ${words}`
}

/** Progress on stderr: one line that is drawn over on a terminal, a plain line every few seconds elsewhere. */
export class ProgressPrinter {
  #lastPlainAt = 0
  #drawn = false
  #lastText = ''

  show(view: ProgressView): void {
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\x1b[2K${progressLine(view, process.stderr.columns ?? 80)}`)
      this.#drawn = true
      return
    }
    const now = performance.now()
    const text = `${visible(view.sweep)}: ${progressLine(view, 110)}`
    if (text === this.#lastText || now - this.#lastPlainAt < 2000) return
    this.#lastPlainAt = now
    this.#lastText = text
    process.stderr.write(`${text}\n`)
  }

  /** Leaves the drawn line behind, so that what follows starts on a fresh one. */
  finish(): void {
    if (this.#drawn) process.stderr.write('\r\x1b[2K')
    this.#drawn = false
  }
}
