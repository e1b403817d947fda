import type { ServerNews } from '@sweepboard/models'

/**
 * How long the chunks in hand are waited for once their slot leaves its lane: as long as the server answers. Its signal is aborted at once
 * where the server turns every request away, and `muteMs` after its last answer, or the leaving, where it gives none. Null: nothing is
 * behind HTTP, every chunk is waited for.
 */
export class Parting {
  readonly #leaving: AbortSignal
  readonly #muteMs: number | null
  readonly #over = new AbortController()
  #isTurnedAway = false
  #timer: NodeJS.Timeout | undefined

  constructor(leaving: AbortSignal, muteMs: number | null) {
    this.#leaving = leaving
    this.#muteMs = muteMs
    leaving.addEventListener('abort', () => this.#look(), { once: true })
  }

  /** Aborted when what is still in hand goes back. */
  get signal(): AbortSignal {
    return this.#over.signal
  }

  heard(news: ServerNews): void {
    this.#isTurnedAway = news === 'turned-away'
    if (this.#leaving.aborted) this.#look()
  }

  /** Nothing is in hand any more. */
  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #look(): void {
    this.close()
    if (this.#muteMs === null) return
    if (this.#isTurnedAway) this.#over.abort()
    else this.#timer = setTimeout(() => this.#over.abort(), this.#muteMs)
  }
}
