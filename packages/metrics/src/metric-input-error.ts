/** One thing wrong with the numbers handed in. */
export interface MetricInputMistake {
  /** Id of the query concerned; null when the mistake is not one query's. */
  readonly queryId: string | null
  readonly message: string
}

/** Thrown before anything is computed; holds every mistake found, not only the first. */
export class MetricInputError extends Error {
  override readonly name = 'MetricInputError'
  readonly mistakes: readonly MetricInputMistake[]

  constructor(mistakes: readonly MetricInputMistake[]) {
    const shown = mistakes
      .slice(0, 5)
      .map(({ queryId, message }) => (queryId === null ? message : `query ${queryId}: ${message}`))
    const more = mistakes.length > shown.length ? ` (and ${mistakes.length - shown.length} more)` : ''
    super(`the run cannot be scored: ${shown.join('; ')}${more}`)
    this.mistakes = mistakes
  }
}
