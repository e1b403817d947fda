import { Judgments } from '@sweepboard/contracts'
import type { CellView } from '@sweepboard/ledger'

/** Bytes of a judgments artifact; null where it is gone. */
export type ReadJudgments = (digest: string) => Uint8Array | null

/**
 * Cells whose failure is tied to a text tell it by the task's own ids, because workers know only places in text sets:
 * `... (document d137 of MyTask)`, several ids where several documents have this text. All else stays as it is.
 */
export function nameFailedTexts(cells: readonly CellView[], read: ReadJudgments): CellView[] {
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
    const named = content === null ? [] : textIds(cell, content, { encoding: failure.details?.encoding, text })
    if (named.length === 0) return cell
    return { ...cell, failure: { ...failure, message: `${failure.message} (${named.join(', ')} of ${cell.task})` } }
  })
}

const MOST_IDS = 3

/** `query q1`, `document d1`: both sides where they share an encoding. */
function textIds(cell: CellView, content: Judgments, at: { encoding: unknown; text: number }): string[] {
  const idsAt = (ids: readonly string[], rows: readonly number[]) => ids.filter((_, i) => rows[i] === at.text).slice(0, MOST_IDS)
  const { query, document } = cell.evidence
  const queries = query?.encoding === at.encoding ? idsAt(content.queryIds, content.queryRows) : []
  const documents = document?.encoding === at.encoding ? idsAt(content.documentIds, content.documentRows) : []
  return [...queries.map((id) => `query ${id}`), ...documents.map((id) => `document ${id}`)]
}
