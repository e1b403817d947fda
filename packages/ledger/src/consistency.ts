import type { Handle } from './handle.ts'
import type { consistency, Row } from './schema.ts'

/** One of the two engines of a comparison. */
export interface ComparedEngine {
  readonly model: string
  readonly revision: string
  /** Load key. */
  readonly load: string
  readonly engine: string
  readonly version: string
  readonly dtype: string
  readonly provider: string
}

/** One comparison of two engines of one model, as it was recorded. */
export interface ConsistencyRow {
  /** Wall-clock text for people. */
  readonly at: string
  readonly a: ComparedEngine
  readonly b: ComparedEngine
  readonly kind: 'embeddings' | 'scores'
  /** What they were compared on. */
  readonly texts: string
  readonly holds: boolean
  /** Mean cosine, or the composite of rerankers; null where undefined. */
  readonly agreement: number | null
  /** Bounds with what was found. */
  readonly verdict: unknown
  /** All numbers, as printed. */
  readonly numbers: unknown
  /** Version of the program that compared. */
  readonly code: string
}

export interface ConsistencyFilter {
  /** Name of either model. */
  readonly model?: string | undefined
  readonly limit?: number | undefined
}

/** Adds a row; rows are never changed. */
export function recordConsistency(h: Handle, row: ConsistencyRow): void {
  h.run(
    `insert into consistency (at, modelA, modelB, loadA, loadB, a, b, kind, texts, holds, agreement, verdict, numbers, code)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    row.at,
    row.a.model,
    row.b.model,
    row.a.load,
    row.b.load,
    JSON.stringify(row.a),
    JSON.stringify(row.b),
    row.kind,
    row.texts,
    row.holds ? 1 : 0,
    row.agreement,
    JSON.stringify(row.verdict),
    JSON.stringify(row.numbers),
    row.code,
  )
}

/** Recorded comparisons, the newest first. */
export function consistencyRows(
  h: Handle,
  { model, limit = 100 }: ConsistencyFilter = {},
): (ConsistencyRow & { readonly id: number })[] {
  return h
    .all<Row<typeof consistency>>(
      'select * from consistency where ? is null or modelA = ? or modelB = ? order by id desc limit ?',
      ...[model ?? null, model ?? null, model ?? null, limit],
    )
    .map(({ modelA: _a, modelB: _b, loadA: _la, loadB: _lb, ...row }) => ({
      ...row,
      a: JSON.parse(row.a) as ComparedEngine,
      b: JSON.parse(row.b) as ComparedEngine,
      holds: row.holds === 1,
      verdict: JSON.parse(row.verdict) as unknown,
      numbers: JSON.parse(row.numbers) as unknown,
    }))
}
