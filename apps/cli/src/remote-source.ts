import type { ArtifactStore } from '@sweepboard/contracts'
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
  historyParams,
  type KindBoard,
  type Leaderboard,
  leaderboardParams,
  type ModelHistory,
  type Pairing,
  pairingParams,
  type ServiceClient,
  type SweepView,
} from '@sweepboard/results'
import type { Source } from './source.ts'

interface SentFile extends Omit<PublishedFile, 'source'> {
  readonly source: string
}

/** Asks a service over HTTP. */
export function openRemoteSource(client: ServiceClient, store: Pick<ArtifactStore, 'get'>): Source {
  return {
    sweeps: async () => (await client.get('/sweeps')) as SweepStatus[],
    sweep: async (id) => (await client.get(`/sweeps/${encodeURIComponent(id)}`)) as SweepView,
    cells: async (id) => (await client.get(`/sweeps/${encodeURIComponent(id)}/cells`)) as CellView[],
    scoredCells: async () => (await client.get('/cells')) as CellView[],
    leaderboard: async (query) => (await client.get(`/leaderboard?${leaderboardParams(query)}`)) as Leaderboard,
    kinds: async ({ task, sweep }) =>
      (await client.get(`/kinds?${new URLSearchParams({ task, ...(sweep === null ? {} : { sweep }) })}`)) as KindBoard,
    history: async (query) => (await client.get(`/history?${historyParams(query)}`)) as ModelHistory,
    pairing: async (query) => (await client.get(`/compare?${pairingParams(query)}`)) as Pairing,
    fingerprints: async () => (await client.get('/fingerprints')) as KnownFingerprint[],
    consistency: async (model) =>
      (await client.get(`/consistency${model === undefined ? '' : `?model=${encodeURIComponent(model)}`}`)) as ConsistencyRow[],
    async *publishedFiles() {
      for (let after = 0; ; ) {
        const page = (await client.get(`/published?after=${after}`)) as SentFile[]
        yield* page.map((file) => ({ ...file, source: Buffer.from(file.source, 'base64') }))
        const last = page.at(-1)
        if (last === undefined) return
        after = last.id
      }
    },
    publishedRows: async (task) => (await client.get(`/published/rows?task=${encodeURIComponent(task)}`)) as PublishedRow[],
    taskTexts: async (key) => (await client.get(`/tasks/${encodeURIComponent(key)}/texts`)) as TaskTexts,
    artifact: (digest) => store.get(digest),
    isServed: () => true,
    close: () => undefined,
  }
}
