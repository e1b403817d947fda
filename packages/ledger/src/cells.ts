import {
  type Config,
  type FailureRecord,
  type Load,
  type MetricValues,
  type PreparationCounts,
  type Recipe,
  type ScoreEvidence,
  shownVariant,
  type TaskRef,
  type TaskType,
  unclaimedBy,
} from '@sweepboard/contracts'
import { type EncodingEvidence, encodingEvidence } from './evidence.ts'
import type { Handle } from './handle.ts'
import { shownTasks } from './shown-tasks.ts'
import { sweepRow } from './sweeps.ts'

/** One score with its proof, or the place where it will stand. */
export interface CellView {
  readonly group: number
  readonly model: string
  readonly revision: string
  /** Recipe label and reranker beside the model, e.g. `no instruction`; empty for the model's own recipe. */
  readonly variant: string
  /** The recipe label alone. */
  readonly recipeVariant: string
  readonly recipeKey: string
  readonly recipe: Recipe
  /** Of the first stage; of the reranker where it is the model itself. */
  readonly load: Load
  /** Null where nothing is reranked. */
  readonly reranker: Load | null
  readonly task: string
  readonly taskType: TaskType
  readonly taskKey: string
  readonly subset: string
  readonly split: string
  readonly languages: readonly string[]
  /** Those of them that the model, or the reranker over it, does not claim. */
  readonly unclaimed: readonly string[]
  readonly mainScoreName: string
  readonly datasetRevision: string | null
  readonly counts: PreparationCounts | null
  /** Limited data: never exported. */
  readonly limit: number | null
  readonly configKey: string
  readonly config: Config
  /** `stale`: failed, and being tried again. */
  readonly state: 'waiting' | 'scored' | 'failed' | 'stale'
  readonly mainScore: number | null
  readonly metrics: MetricValues | null
  /** Null sides until the cell is scored. */
  readonly evidence: {
    readonly score: ScoreEvidence | null
    readonly query: EncodingEvidence | null
    readonly document: EncodingEvidence | null
    /** What scored the pairs of a reranked cell, per pair set; empty elsewhere. */
    readonly pairs: readonly EncodingEvidence[]
  }
  /** Digests of the pair sets of a reranked cell, in the order of `evidence.pairs`. */
  readonly pairSets: readonly string[]
  readonly failure: FailureRecord | null
  /** Artifacts: ranked run, per-query scores, judgments. */
  readonly run: string | null
  readonly perQuery: string | null
  readonly judgments: string | null
  readonly scoredAt: string | null
}

interface CellJoin {
  grp: number
  model: string
  revision: string
  variant: string
  recipeKey: string
  recipe: string
  load: string
  reranker: string | null
  base: number | null
  task: string
  taskKey: string
  subset: string
  split: string
  languages: string
  mainScoreName: string
  datasetRevision: string | null
  counts: string | null
  ref: string
  judgments: string | null
  configKey: string
  config: string
  state: 'scored' | 'failed' | 'stale' | null
  mainScore: number | null
  metrics: string | null
  evidence: string | null
  failure: string | null
  run: string | null
  perQuery: string | null
  scoredAt: string | null
}

const COLUMNS = `g.id as grp, g.model, g.revision, g.variant, g.recipeKey, g.recipe, g.base, l.json as load,
  iif(g.rerank is null, null, (select json from load where key = g.lane)) as reranker, t.name as task, t.key as taskKey, t.subset,
  t.split, t.languages, t.mainScore as mainScoreName, t.datasetRevision, t.counts, t.ref, t.judgments, c.state, c.mainScore, c.metrics,
  c.evidence, c.failure, c.run, c.perQuery, c.scoredAt`

/** Every cell a sweep names, in plan order. Throws `SB-LEDGER-002` where there is no such sweep. */
export function cells(h: Handle, sweep: string): CellView[] {
  sweepRow(h, sweep)
  const rows = h.all<CellJoin>(
    `select ${COLUMNS}, json_extract(j.value, '$.key') as configKey, json_extract(j.value, '$.config') as config
     from want w join grp g on g.id = w.grp join task t on t.key = g.taskKey join load l on l.key = coalesce((select p.lane from grp p where p.id = g.base), g.lane)
     join config_set s on s.id = w.configs join json_each(s.json) j
     left join cell c on c.grp = w.grp and c.config = json_extract(j.value, '$.key') where w.sweep = ? order by w.rank, w.grp, j.key`,
    sweep,
  )
  return views(h, rows)
}

/** The scored cells of all sweeps, for exports: of each task those on one data set (`shownTasks`), and all on limited data. */
export function allScoredCells(h: Handle): CellView[] {
  const rows = h.all<CellJoin>(
    `select ${COLUMNS}, c.config as configKey, c.configJson as config from cell c join grp g on g.id = c.grp
     join task t on t.key = g.taskKey
     join load l on l.key = coalesce((select p.lane from grp p where p.id = g.base), g.lane) where c.state = 'scored' order by g.id, c.rowid`,
  )
  const shown = shownTasks(h)
  return views(h, rows).filter((cell) => cell.limit !== null || shown.has(cell.taskKey))
}

type Sides = Omit<CellView['evidence'], 'score'> & Pick<CellView, 'pairSets'>
const NO_SIDES: Sides = { query: null, document: null, pairs: [], pairSets: [] }

function views(h: Handle, rows: readonly CellJoin[]): CellView[] {
  const parsed = new Map<string, unknown>()
  const parse = <T>(json: string): T => {
    if (!parsed.has(json)) parsed.set(json, JSON.parse(json))
    return parsed.get(json) as T
  }
  const sides = new Map<number, Sides>()
  return rows.map((row) => {
    const { pairSets, ...side } = row.state === null ? NO_SIDES : (sides.get(row.grp) ?? sidesOf(h, row))
    if (row.state !== null) sides.set(row.grp, { ...side, pairSets })
    const load = parse<Load>(row.load)
    const reranker = row.reranker === null ? null : parse<Load>(row.reranker)
    const languages = parse<string[]>(row.languages)
    const ref = parse<Pick<TaskRef, 'type' | 'limit'>>(row.ref)
    return {
      group: row.grp,
      model: row.model,
      revision: row.revision,
      variant: shownVariant(row.variant, parse<Config>(row.config)),
      recipeVariant: row.variant,
      recipeKey: row.recipeKey,
      recipe: parse<Recipe>(row.recipe),
      load,
      reranker,
      task: row.task,
      taskType: ref.type ?? 'Retrieval',
      taskKey: row.taskKey,
      subset: row.subset,
      split: row.split,
      languages,
      unclaimed: unclaimedBy(reranker === null ? [load] : [load, reranker], languages),
      mainScoreName: row.mainScoreName,
      datasetRevision: row.datasetRevision,
      counts: row.counts === null ? null : parse<PreparationCounts>(row.counts),
      limit: ref.limit,
      configKey: row.configKey,
      config: parse<Config>(row.config),
      state: row.state ?? 'waiting',
      mainScore: row.mainScore,
      metrics: row.metrics === null ? null : (JSON.parse(row.metrics) as MetricValues),
      evidence: { score: row.evidence === null ? null : (JSON.parse(row.evidence) as ScoreEvidence), ...side },
      pairSets,
      failure: row.failure === null ? null : parse<FailureRecord>(row.failure),
      run: row.run,
      perQuery: row.perQuery,
      judgments: row.judgments,
      scoredAt: row.scoredAt,
    }
  })
}

function sidesOf(h: Handle, row: CellJoin): Sides {
  const first = row.base ?? row.grp
  const pairs = encodingsOf(h, row.grp, 'pair%')
  return {
    query: encodingsOf(h, first, 'query').map(({ encoding }) => encodingEvidence(h, encoding))[0] ?? null,
    document: encodingsOf(h, first, 'document').map(({ encoding }) => encodingEvidence(h, encoding))[0] ?? null,
    pairs: pairs.map(({ encoding }) => encodingEvidence(h, encoding)),
    pairSets: pairs.map(({ textSet }) => textSet),
  }
}

function encodingsOf(h: Handle, group: number, side: string): { encoding: number; textSet: string }[] {
  return h.all(
    'select ge.encoding, e.textSet from grp_encoding ge join encoding e on e.id = ge.encoding where ge.grp = ? and ge.side like ? order by ge.side',
    group,
    side,
  )
}
