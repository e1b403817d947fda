import { type Config, Judgments, type Similarity, SweepError, sha256 } from '@sweepboard/contracts'
import type { LedgerReader } from '@sweepboard/ledger'
import { type PassRatesByKind, passRatesByKind } from '@sweepboard/metrics'
import { z } from 'zod'
import { vectorLength } from './leaderboard.ts'
import { otherSimilarity } from './system-name.ts'

/** Cut-offs of the table. */
const CUTOFFS = [1, 3, 5] as const

export interface KindBoardQuery {
  readonly task: string
  /** Id of a sweep: only its cells. */
  readonly sweep: string | null
}

/** One scored cell of the task: how often a relevant document came among the first k, over all queries and by kind. */
export interface KindBoardRow extends PassRatesByKind {
  readonly model: string
  readonly revision: string
  readonly variant: string
  readonly config: Config
  /** Similarity that was scored by, where it is not the recipe's own. */
  readonly otherSimilarity?: Similarity
  /** Length of the full vector; null where there is none (bm25, rerankers). */
  readonly fullDimensions: number | null
  readonly subset: string
  readonly split: string
  /** Limited data. */
  readonly limit: number | null
}

export interface KindBoard {
  readonly task: string
  readonly cutoffs: readonly number[]
  /** Confidence of the intervals. */
  readonly confidence: number
  /** By accuracy over all queries at the first cut-off, then at the next ones; equal ones by model. */
  readonly rows: readonly KindBoardRow[]
}

/** What is read of judgments: those of any type that ranks documents for queries. */
const QueryKinds = z.object(Judgments.pick({ queryIds: true, kinds: true }).shape)

const hits = z.array(z.union([z.literal(0), z.literal(1)]))
/** What is read of per-query scores; a task whose entry has no hit rates cannot have kinds. */
const QueryHits = z.object({
  version: z.literal(1),
  queryIds: z.array(z.string()),
  values: z.object({ hit_rate_at_1: hits, hit_rate_at_3: hits, hit_rate_at_5: hits }),
})

/**
 * Top-1/3/5 accuracy by kind of query, of every scored cell of a task, from the stored judgments and per-query scores.
 *
 * @param read an artifact's bytes, by digest
 * @throws `SB-SCORE-004` where no scored cell of the task has kinds; `SB-LEDGER-002` for an unknown sweep; `SB-ART-001`,
 *   `SB-ART-002` where an artifact is gone or damaged
 */
export async function readKindBoard(
  reader: Pick<LedgerReader, 'taskCells' | 'tasksOfSweep'>,
  read: (digest: string) => Promise<Uint8Array>,
  { task, sweep }: KindBoardQuery,
): Promise<KindBoard> {
  if (sweep !== null) reader.tasksOfSweep(sweep)
  const kindsOf = new Map<string, ReadonlyMap<string, string> | null>()
  const rows: KindBoardRow[] = []
  for (const cell of reader.taskCells(task, sweep)) {
    if (!kindsOf.has(cell.judgments)) kindsOf.set(cell.judgments, readKinds(await read(cell.judgments)))
    const kinds = kindsOf.get(cell.judgments)
    if (!kinds) continue
    const { queryIds, values } = readHits(await read(cell.perQuery))
    const { model, revision, variant, config, subset, split, limit } = cell
    const rates = passRatesByKind(
      queryIds.map((id) => kinds.get(id) ?? ''),
      CUTOFFS.map((k) => ({ k, values: values[`hit_rate_at_${k}`] })),
    )
    const named = { model, revision, variant, config, ...otherSimilarity(cell), fullDimensions: vectorLength(cell.recipe) }
    rows.push({ ...named, subset, split, limit, ...rates })
  }
  if (rows.length === 0) throw new SweepError('SB-SCORE-004', { task })
  return { task, cutoffs: CUTOFFS, confidence: 0.95, rows: rows.sort(byAccuracy) }
}

/** Names of the tasks with scores here whose queries have kinds, in order; judgments that are gone name none. */
export async function readKindTasks(
  reader: Pick<LedgerReader, 'judgedTasks'>,
  read: (digest: string) => Promise<Uint8Array>,
): Promise<string[]> {
  const found = new Set<string>()
  for (const { task, judgments } of reader.judgedTasks()) {
    const bytes = found.has(task) ? null : await read(judgments).catch(() => null)
    if (bytes !== null && readKinds(bytes) !== null) found.add(task)
  }
  return [...found]
}

/** Query id -> kind; null where the task has no kinds. */
function readKinds(bytes: Uint8Array): ReadonlyMap<string, string> | null {
  const { data } = QueryKinds.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8')))
  const kinds = data?.kinds
  return kinds ? new Map(data.queryIds.map((id, query) => [id, kinds[query] ?? ''])) : null
}

function readHits(bytes: Uint8Array): z.infer<typeof QueryHits> {
  const { data, error } = QueryHits.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8')))
  if (data) return data
  throw new SweepError('SB-ART-002', { digest: sha256(bytes), found: 'not per-query scores' }, { cause: error })
}

function byAccuracy(a: KindBoardRow, b: KindBoardRow): number {
  for (const [i, { rate }] of a.all.rates.entries()) {
    const other = b.all.rates[i]?.rate ?? 0
    if (rate !== other) return other - rate
  }
  return a.model === b.model ? 0 : a.model < b.model ? -1 : 1
}
