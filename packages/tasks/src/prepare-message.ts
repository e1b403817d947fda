import type { FailureRecord, Mistake, PreparedTask, TaskRef } from '@sweepboard/contracts'

/** The one message a preparation child receives. */
export interface PrepareRequest {
  readonly ref: TaskRef
  readonly artifactFolder: string
}

/** The one message it answers. */
export type PrepareAnswer =
  | { readonly ok: true; readonly prepared: PreparedTask }
  | { readonly ok: false; readonly failure: FailureRecord; readonly mistakes: readonly Mistake[] }
