import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { openFolderStore } from '@sweepboard/artifacts'
import { folderHolder, type KnownFingerprint, openReadOnly, type SweepStatus } from '@sweepboard/ledger'
import {
  nameFailedTexts,
  PublishedIndex,
  RateMeter,
  readHistory,
  readKindBoard,
  readPairing,
  readRanking,
  type SweepView,
  toLeaderboard,
} from '@sweepboard/results'
import type { Source } from './source.ts'

/** Imported files read at once. */
const PAGE = 100

/** Reads a data folder, whoever holds it. Throws `SB-LEDGER-001`, `-004` and `-009` as `openReadOnly` does. */
export function openFolderSource(folder: string): Source {
  const ledger = openReadOnly(folder, commandHolder())
  const store = openFolderStore(join(folder, 'artifacts'))
  const rates = new RateMeter()
  const view = (status: SweepStatus): SweepView => {
    const rate = rates.observe(status.id, status.tokens.done, performance.now())
    const left = status.tokens.total - status.tokens.done
    return { ...status, tokensPerSecond: rate, etaSeconds: rate && rate > 0 && status.state === 'running' ? left / rate : null }
  }
  return {
    sweeps: async () => ledger.sweeps(),
    sweep: async (id) => view(ledger.sweepStatus(id)),
    cells: async (id) => nameFailedTexts(ledger.cells(id), (digest) => store.readSync(digest)),
    scoredCells: async () => ledger.allScoredCells(),
    leaderboard: async (query) => toLeaderboard(readRanking(ledger, new PublishedIndex(ledger), query)),
    kinds: (query) => readKindBoard(ledger, (digest) => store.get(digest), query),
    history: async (query) => readHistory(ledger, query),
    pairing: async (query) => readPairing(ledger, query),
    fingerprints: async () => ledger.knownFingerprints(),
    consistency: async (model) => ledger.consistencyRows({ model }),
    async *publishedFiles() {
      for (let after = 0; ; ) {
        const page = ledger.publishedFiles(after, PAGE)
        yield* page
        const last = page.at(-1)
        if (last === undefined) return
        after = last.id
      }
    },
    publishedRows: async (task) => ledger.publishedRows({ tasks: [task] }),
    taskTexts: async (key) => ledger.taskTexts(key),
    artifact: (digest) => store.get(digest),
    isServed: () => folderHolder(folder) !== null,
    close: () => ledger.close(),
  }
}

/** Fingerprints of the endpoints that served a data folder; none where no sweep was run yet. */
export async function fingerprintsIn(folder: string): Promise<readonly KnownFingerprint[]> {
  if (!existsSync(join(folder, 'ledger.db'))) return []
  const source = openFolderSource(folder)
  try {
    return await source.fingerprints()
  } finally {
    source.close()
  }
}

/** How a command names itself while it holds a folder. */
export function commandHolder(): string {
  return `sweepboard ${process.argv[2] ?? 'command'}, process ${process.pid} on ${hostname()}`
}
