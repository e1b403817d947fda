import type { Ledger, SqliteDatabase } from '@sweepboard/ledger'
import type { Coordinator } from '../../src/coordinator.ts'
import type { Chance } from './chance.ts'
import type { WorkerBreakage } from './sim-types.ts'

/** A part built wrong on purpose: what a test plants to see that an invariant finds it. */
export interface Breakage {
  readonly worker?: WorkerBreakage
  /** Changes a freshly opened ledger. */
  readonly ledger?: (ledger: Ledger, db: SqliteDatabase, chance: Chance) => void
  readonly coordinator?: (coordinator: Coordinator, ledger: Ledger) => void
  /** Changes the database once, e.g. by a trigger. */
  readonly database?: (db: SqliteDatabase) => void
  readonly random?: (bytes: number) => Uint8Array
  readonly graceBeats?: number
  readonly tailKillers?: boolean
  /** All seeds: one worker with two slots, one killer text. */
  readonly isInStep?: boolean
  /** Share of seeds with second stages, where not the usual one. */
  readonly stageRate?: number
  /** Chance of a damaged pair set, per tick of chaos. */
  readonly pairDamage?: number
  /** Extra ticks that a pair set travels. */
  readonly pairTicks?: number
  /** Share of seeds whose sweeps keep less than all vectors, where not the usual one. */
  readonly retentionRate?: number
  /** Where to begin: the seeds before do not meet it. */
  readonly firstSeed?: number
}
