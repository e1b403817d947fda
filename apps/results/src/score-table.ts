import type { MetricValues } from '@sweepboard/contracts'
import type { PublishedRow } from '@sweepboard/ledger'

/** One (split, subset) of a task. */
export interface ScoreEntry {
  readonly split: string
  readonly subset: string
  readonly mainScore: number | null
  readonly metrics: MetricValues
}

/** All scores of one model on one task: an imported file, a file handed in, or our own cells. */
export interface ScoreTable {
  readonly model: string
  readonly revision: string
  /** Empty where it is not known. */
  readonly datasetRevision: string
  /** Path of the file; empty for our own cells. */
  readonly origin: string
  /** Seconds, as the file says; null where it does not. */
  readonly seconds: number | null
  readonly entries: readonly ScoreEntry[]
}

/** Rows of one task as one table a file; order of first appearance. */
export function toScoreTables(rows: Iterable<PublishedRow>): ScoreTable[] {
  const tables = new Map<string, ScoreTable & { readonly entries: ScoreEntry[] }>()
  for (const { model, revision, datasetRevision, origin, evaluationTime, split, subset, mainScore, metrics } of rows) {
    const key = JSON.stringify([model, revision, datasetRevision])
    const table = tables.get(key) ?? { model, revision, datasetRevision, origin, seconds: evaluationTime, entries: [] }
    table.entries.push({ split, subset, mainScore, metrics })
    tables.set(key, table)
  }
  return [...tables.values()]
}

/**
 * The published table a name means: equal names first, else names equal after the last `/` (a local folder `local/all-MiniLM-L6-v2`
 * means `sentence-transformers/all-MiniLM-L6-v2`), case ignored. `name@revision` picks a revision by its first characters. Of several
 * the one of `datasetRevision`, else the last. Null where none fits.
 */
export function findTable(tables: readonly ScoreTable[], name: string, datasetRevision = ''): ScoreTable | null {
  const at = name.lastIndexOf('@')
  const [wanted, revision] = at > 0 ? [name.slice(0, at), name.slice(at + 1)] : [name, '']
  const ofRevision = tables.filter((table) => table.revision.startsWith(revision))
  const equal = ofRevision.filter((table) => table.model === wanted)
  const found = equal.length > 0 ? equal : ofRevision.filter((table) => lastPart(table.model) === lastPart(wanted))
  return found.findLast((table) => table.datasetRevision === datasetRevision) ?? found.at(-1) ?? null
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1).toLowerCase()
}
