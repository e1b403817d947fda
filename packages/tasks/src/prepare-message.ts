import type { FailureRecord, Mistake, PreparedTask, TaskRef } from '@sweepboard/contracts'
import type { HubSettings } from './hub-settings.ts'

/** The one message a preparation child receives. */
export interface PrepareRequest {
  readonly ref: TaskRef
  readonly artifactFolder: string
  /** Goes by message, never by argument or environment: it holds the token. */
  readonly hub: HubSettings | null
}

/** The one message it answers. */
export type PrepareAnswer =
  | { readonly ok: true; readonly prepared: PreparedTask }
  | { readonly ok: false; readonly failure: FailureRecord; readonly mistakes: readonly Mistake[] }
