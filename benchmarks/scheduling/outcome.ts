/** What a simulated fleet came to. */
export interface Outcome {
  readonly makespanSeconds: number
  readonly loads: number
  /** Cards that fit some model and never served any. */
  readonly idle: number
  /** Seconds from the arrival of each small sweep to its first chunk, and to its end. */
  readonly small: readonly { readonly firstSeconds: number; readonly endSeconds: number }[]
  /** Share of slot time, to the makespan, spent computing. */
  readonly busyShare: number
  readonly ticks: number
  /** Milliseconds of one lane choice: mean and worst. */
  readonly choiceMs: { readonly mean: number; readonly worst: number }
}
