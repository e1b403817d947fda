import type { CellView, KnownFingerprint, SweepStatus } from '@sweepboard/ledger'
import { type Leaderboard, leaderboardParams, type ServiceClient, type SweepView } from '@sweepboard/results'
import type { Source } from './source.ts'

/** Asks a service over HTTP. */
export function openRemoteSource(client: ServiceClient): Source {
  return {
    sweeps: async () => (await client.get('/sweeps')) as SweepStatus[],
    sweep: async (id) => (await client.get(`/sweeps/${encodeURIComponent(id)}`)) as SweepView,
    cells: async (id) => (await client.get(`/sweeps/${encodeURIComponent(id)}/cells`)) as CellView[],
    scoredCells: async () => (await client.get('/cells')) as CellView[],
    leaderboard: async (query) => (await client.get(`/leaderboard?${leaderboardParams(query)}`)) as Leaderboard,
    fingerprints: async () => (await client.get('/fingerprints')) as KnownFingerprint[],
    isServed: () => true,
    close: () => undefined,
  }
}
