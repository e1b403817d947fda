import type { CommandParts } from './server-command.ts'
import type { ReadinessLimits } from './server-readiness.ts'
import type { ServerRecords } from './server-record.ts'
import type { ServerState } from './server-state.ts'

/** What a slot gives a server it owns. */
export interface LaunchedServerParts extends CommandParts {
  readonly slot: CommandParts['slot'] & { readonly id: string }
  /** `servers/` of the worker's folder. */
  readonly folder: string
  readonly records: ServerRecords
  /** The whole environment of a server, given the command's part. */
  readonly environment: (command: Readonly<Record<string, string>>) => Readonly<Record<string, string>>
  readonly limits: ReadinessLimits
  readonly stopMs: number
  readonly now: () => number
  /** Whether the driver says that a device of the slot is lost. */
  readonly isDeviceLost: () => Promise<boolean>
  readonly onState: (state: ServerState, about: { readonly message?: string; readonly pid?: number | null }) => void
}
