import type { FailureRecord, Mistake, PreparedTask, TaskRef } from '@sweepboard/contracts'
import type { HubSettings } from './hub-settings.ts'

/** What a preparation child receives, one at a time. */
export interface PrepareRequest {
  readonly ref: TaskRef
  readonly artifactFolder: string
  /** Goes by message, never by argument or environment: it holds the token. */
  readonly hub: HubSettings | null
}

/** What became of a task. */
export type PrepareOutcome =
  | { readonly ok: true; readonly prepared: PreparedTask; readonly notes: readonly string[] }
  | { readonly ok: false; readonly failure: FailureRecord; readonly mistakes: readonly Mistake[] }

/** What it answers; after the last one it takes no other request. */
export type PrepareAnswer = PrepareOutcome & { readonly isLast: boolean }
