import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { openFolderStore } from '@sweepboard/artifacts'
import { SweepError } from '@sweepboard/contracts'
import { type CellView, Ledger, type PublishedRow } from '@sweepboard/ledger'
import { buildLeaderboard, type Leaderboard, nameFailedTexts, ServiceClient, type SweepView } from '@sweepboard/results'
import { type CommonOptions, dataFolder, readToken } from './context.ts'

export interface LeaderboardQuery {
  readonly tasks?: string
  readonly sweep?: string
  readonly published?: string
}

/** What a reading command asks, answered by a data folder here or by a service (`--to URL`). */
export interface Source {
  sweeps(): Promise<SweepView[]>
  sweep(id: string): Promise<SweepView>
  cells(sweep: string): Promise<CellView[]>
  scoredCells(): Promise<CellView[]>
  leaderboard(query: LeaderboardQuery): Promise<Leaderboard>
  control(sweep: string, action: ControlAction): Promise<SweepView>
  importPublished(rows: readonly PublishedRow[]): Promise<void>
  close(): void
}
export type ControlAction = 'pause' | 'resume' | 'cancel' | 'retry'

export function openSource(options: CommonOptions): Source {
  return options.to ? openRemote(openClient(options, options.to)) : openFolder(dataFolder(options))
}

export function openClient(options: CommonOptions, url: string): ServiceClient {
  return new ServiceClient({ url, token: readToken(options) })
}

function openRemote(client: ServiceClient): Source {
  return {
    sweeps: async () => (await client.get('/sweeps')) as SweepView[],
    sweep: async (id) => (await client.get(`/sweeps/${encodeURIComponent(id)}`)) as SweepView,
    cells: async (id) => (await client.get(`/sweeps/${encodeURIComponent(id)}/cells`)) as CellView[],
    scoredCells: async () => (await client.get('/cells')) as CellView[],
    leaderboard: async (query) => (await client.get(`/leaderboard?${new URLSearchParams({ ...query })}`)) as Leaderboard,
    control: async (id, action) => (await client.post(`/sweeps/${encodeURIComponent(id)}/${action}`)) as SweepView,
    importPublished: async (rows) => {
      for (let at = 0; at < rows.length; at += 1000) await client.post('/published', rows.slice(at, at + 1000))
    },
    close: () => undefined,
  }
}

function openFolder(folder: string): Source {
  if (!existsSync(join(folder, 'ledger.db')))
    throw new SweepError('SB-FILE-001', { file: join(folder, 'ledger.db'), message: 'no sweep was run with this data folder' })
  const ledger = Ledger.open({ folder, holder: `sweepboard command, process ${process.pid} on ${hostname()}` })
  const store = openFolderStore(join(folder, 'artifacts'))
  const view = (status: ReturnType<Ledger['sweepStatus']>): SweepView => ({ ...status, tokensPerSecond: null, etaSeconds: null })
  return {
    sweeps: async () => ledger.sweeps().map(view),
    sweep: async (id) => view(ledger.sweepStatus(id)),
    cells: async (id) => nameFailedTexts(ledger.cells(id), (digest) => store.readSync(digest)),
    scoredCells: async () => ledger.allScoredCells(),
    leaderboard: async (query) =>
      buildLeaderboard(ledger.allScoredCells(), query.published === '0' ? [] : ledger.publishedRows({}), {
        tasks: query.tasks ? query.tasks.split(',') : null,
        sweepCells: query.sweep ? new Set(ledger.cells(query.sweep).map((cell) => `${cell.group} ${cell.configKey}`)) : null,
      }),
    control: async (id, action) => {
      ledger.control(id, action)
      return view(ledger.sweepStatus(id))
    },
    importPublished: async (rows) => void ledger.importPublished(rows),
    close: () => ledger.close(),
  }
}

/** The sweep a command means: its id, or its name where only one has it; the newest where none is named. */
export async function findSweep(source: Source, name: string | undefined): Promise<SweepView> {
  const all = await source.sweeps()
  const found = name === undefined ? all.slice(0, 1) : all.filter((sweep) => sweep.id === name || sweep.name === name)
  const newest = found[0]
  if (!newest) throw new SweepError('SB-LEDGER-002', { sweep: name ?? '(none yet)' })
  return newest
}
