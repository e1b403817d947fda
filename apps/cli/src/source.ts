import { openHttpStore } from '@sweepboard/artifacts'
import { SweepError } from '@sweepboard/contracts'
import type {
  CellView,
  ConsistencyRow,
  KnownFingerprint,
  PublishedFile,
  PublishedRow,
  SweepStatus,
  TaskTexts,
} from '@sweepboard/ledger'
import {
  type HistoryQuery,
  type KindBoard,
  type KindBoardQuery,
  type Leaderboard,
  type LeaderboardQuery,
  type ModelHistory,
  type Pairing,
  type PairingQuery,
  ServiceClient,
  type SweepView,
} from '@sweepboard/results'
import { type CommonOptions, dataFolder, readToken } from './context.ts'
import { openFolderSource } from './folder-source.ts'
import { openRemoteSource } from './remote-source.ts'

/** What a reading command asks, answered by a data folder here or by a service (`--to URL`). */
export interface Source {
  sweeps(): Promise<SweepStatus[]>
  sweep(id: string): Promise<SweepView>
  cells(sweep: string): Promise<CellView[]>
  scoredCells(): Promise<CellView[]>
  leaderboard(query: LeaderboardQuery): Promise<Leaderboard>
  /** Throws `SB-SCORE-004` where the task has no scores here, or no kinds. */
  kinds(query: KindBoardQuery): Promise<KindBoard>
  /** Two rows over what both have. Throws `SB-LEDGER-013` to `-016`. */
  pairing(query: PairingQuery): Promise<Pairing>
  /** Results of a model on a task. Throws `SB-LEDGER-013` to `-015` and `-017`. */
  history(query: HistoryQuery): Promise<ModelHistory>
  fingerprints(): Promise<readonly KnownFingerprint[]>
  /** Recorded comparisons of two engines, the newest first; of one model where it is named. */
  consistency(model: string | undefined): Promise<readonly ConsistencyRow[]>
  /** Imported files, in order of import. */
  publishedFiles(): AsyncIterable<PublishedFile>
  /** Imported scores of one task, with all their metrics. */
  publishedRows(task: string): Promise<readonly PublishedRow[]>
  /** Artifacts of a prepared task, by its key. Throws `SB-LEDGER-010`. */
  taskTexts(key: string): Promise<TaskTexts>
  /** Bytes of an artifact. Throws `SB-ART-001` and `-002`. */
  artifact(digest: string): Promise<Uint8Array>
  /** Whether anybody is there to work a running sweep off. */
  isServed(): boolean
  close(): void
}

/** A data folder is read beside whoever holds it. Throws `SB-LEDGER-009` where there is none. */
export function openSource(options: CommonOptions): Source {
  if (!options.to) return openFolderSource(dataFolder(options))
  return openRemoteSource(openClient(options, options.to), openHttpStore({ url: options.to, token: readToken(options) }))
}

export function openClient(options: CommonOptions, url: string): ServiceClient {
  return new ServiceClient({ url, token: readToken(options) })
}

/** The sweep a command means: its id, or the newest of its name; the newest of all where none is named. */
export async function findSweep(source: Pick<Source, 'sweeps'>, name: string | undefined): Promise<SweepStatus> {
  const all = await source.sweeps()
  const newest =
    name === undefined ? all[0] : (all.find((sweep) => sweep.id === name) ?? all.find((sweep) => sweep.name === name))
  if (!newest) throw new SweepError('SB-LEDGER-002', { sweep: name ?? '(none yet)' })
  return newest
}

/** An artifact, null where it was collected as garbage: scores by query that are gone leave intervals unknown. Other trouble is thrown. */
export async function artifactOrNull(source: Pick<Source, 'artifact'>, digest: string): Promise<Uint8Array | null> {
  try {
    return await source.artifact(digest)
  } catch (thrown) {
    if (thrown instanceof SweepError && thrown.code === 'SB-ART-001') return null
    throw thrown
  }
}
