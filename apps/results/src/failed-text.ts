import { Judgments, readPairSet } from '@sweepboard/contracts'
import type { CellView } from '@sweepboard/ledger'

/** Bytes of a judgments or pair set artifact; null where it is gone. */
export type ReadArtifact = (digest: string) => Uint8Array | null

/**
 * Cells whose failure is tied to a text tell it by the task's own ids, because workers know only places in text sets:
 * `... (document d137 of MyTask)`, several ids where several documents have this text; of a pair, its query and its
 * document. All else stays as it is.
 */
export function nameFailedTexts(cells: readonly CellView[], read: ReadArtifact): CellView[] {
  const known = new Map<string, Judgments | null>()
  const judgmentsOf = (digest: string) => {
    if (!known.has(digest)) {
      const bytes = read(digest)
      known.set(digest, bytes === null ? null : Judgments.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))))
    }
    return known.get(digest) ?? null
  }
  return cells.map((cell) => {
    const { failure, judgments } = cell
    const text = failure?.details?.text
    if (!failure || judgments === null || typeof text !== 'number') return cell
    const content = judgmentsOf(judgments)
    const at = { encoding: failure.details?.encoding, text }
    const named = content === null ? [] : (pairIds(cell, content, { ...at, read }) ?? textIds(cell, content, at))
    if (named.length === 0) return cell
    return { ...cell, failure: { ...failure, message: `${failure.message} (${named.join(', ')} of ${cell.task})` } }
  })
}

const MOST_IDS = 3

/** `query q1`, `document d1` of the pair that failed; null where the failure is of no pair set of this cell, or that is gone. */
function pairIds(
  cell: CellView,
  content: Judgments,
  at: { encoding: unknown; text: number; read: ReadArtifact },
): string[] | null {
  const digest = cell.pairSets[cell.evidence.pairs.findIndex(({ encoding }) => encoding === at.encoding)]
  const bytes = digest === undefined ? null : at.read(digest)
  if (bytes === null) return null
  const { queryRows, documentRows } = readPairSet(bytes)
  return [
    ...idsAt(content.queryIds, content.queryRows, queryRows[at.text]).map((id) => `query ${id}`),
    ...idsAt(content.documentIds, content.documentRows, documentRows[at.text]).map((id) => `document ${id}`),
  ]
}

/** `query q1`, `document d1`: both sides where they share an encoding. */
function textIds(cell: CellView, content: Judgments, at: { encoding: unknown; text: number }): string[] {
  const { query, document } = cell.evidence
  const queries = query?.encoding === at.encoding ? idsAt(content.queryIds, content.queryRows, at.text) : []
  const documents = document?.encoding === at.encoding ? idsAt(content.documentIds, content.documentRows, at.text) : []
  return [...queries.map((id) => `query ${id}`), ...documents.map((id) => `document ${id}`)]
}

function idsAt(ids: readonly string[], rows: readonly number[], row: number | undefined): string[] {
  return ids.filter((_, i) => rows[i] === row).slice(0, MOST_IDS)
}
