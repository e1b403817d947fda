import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { SweepError } from '@sweepboard/contracts'
import { type ConsistencyRow, Ledger, type PublishedRow, type SweepStatus } from '@sweepboard/ledger'
import type { ServiceClient, SweepView } from '@sweepboard/results'
import { type CommonOptions, dataFolder } from './context.ts'
import { commandHolder } from './folder-source.ts'
import { printNote } from './output.ts'
import { findService, nameService } from './service-address.ts'
import { openClient } from './source.ts'

/** What a command changes, in a data folder nobody holds or through the service that does. */
export interface Writer {
  /** The service asked; null where this process holds the folder itself. */
  readonly url: string | null
  sweeps(): Promise<SweepStatus[]>
  control(sweep: string, action: ControlAction): Promise<SweepView>
  importPublished(rows: readonly PublishedRow[]): Promise<void>
  recordConsistency(row: ConsistencyRow): Promise<void>
  close(): void
}
export type ControlAction = 'pause' | 'resume' | 'cancel' | 'retry'

/**
 * A held folder is changed through the service that holds it, found by the address it announced there. `mayCreate`: whether a
 * folder without a ledger gets one.
 * @throws SweepError `SB-LEDGER-001` where the holder listens nowhere, `SB-LEDGER-009` where there is no ledger to change
 */
export function openWriter(options: CommonOptions, { mayCreate }: { readonly mayCreate: boolean }): Writer {
  if (options.to) return openRemote(openClient(options, options.to), options.to)
  const folder = dataFolder(options)
  if (!mayCreate && !existsSync(join(folder, 'ledger.db'))) throw new SweepError('SB-LEDGER-009', { folder })
  const url = findService(folder)
  if (url !== null) {
    printNote(`note: a service holds ${folder}: asking it, as --to ${url} does`)
    return openRemote(openClient(options, url), url)
  }
  return openFolder(nameService(folder, () => Ledger.open({ folder, holder: commandHolder() })))
}

function openRemote(client: ServiceClient, url: string): Writer {
  return {
    url,
    sweeps: async () => (await client.get('/sweeps')) as SweepStatus[],
    control: async (id, action) => (await client.post(`/sweeps/${encodeURIComponent(id)}/${action}`)) as SweepView,
    importPublished: async (rows) => void (await client.post('/published', rows)),
    recordConsistency: async (row) => void (await client.post('/consistency', row)),
    close: () => undefined,
  }
}

function openFolder(ledger: Ledger): Writer {
  const view = (status: SweepStatus): SweepView => ({ ...status, tokensPerSecond: null, etaSeconds: null })
  return {
    url: null,
    sweeps: async () => ledger.sweeps(),
    control: async (id, action) => {
      ledger.control(id, action)
      return view(ledger.sweepStatus(id))
    },
    importPublished: async (rows) => void ledger.importPublished(rows),
    recordConsistency: async (row) => ledger.recordConsistency(row),
    close: () => ledger.close(),
  }
}
