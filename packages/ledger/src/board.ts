import {
  type Config,
  type Load,
  type Similarity,
  SweepError,
  shownVariant,
  type TaskType,
  unclaimedBy,
} from '@sweepboard/contracts'
import type { Handle } from './handle.ts'
import { shownTasks } from './shown-tasks.ts'

/** A scored cell as a leaderboard needs it: without metrics, evidence and artifacts. */
export interface BoardCell {
  readonly group: number
  readonly model: string
  readonly revision: string
  readonly variant: string
  /** The recipe label alone. */
  readonly recipeVariant: string
  readonly recipeKey: string
  readonly recipe: {
    readonly similarity: Similarity
    /** Length of the full vector. */
    readonly dimensions: number
  }
  readonly task: string
  /** As the data was read. */
  readonly taskType: TaskType
  readonly subset: string
  readonly split: string
  readonly mainScoreName: string
  readonly configKey: string
  readonly config: Config
  readonly mainScore: number | null
  /** Languages of the task that the model, or the reranker over it, does not claim. */
  readonly unclaimed: readonly string[]
}

/** The score of an imported file: over all its entries, or of one of them. */
export interface PublishedScore {
  /** Grows with each import. */
  readonly id: number
  readonly model: string
  readonly revision: string
  /** Null where undefined; of a mean, where any of its entries is. */
  readonly score: number | null
}

interface BoardRow extends Omit<BoardCell, 'group' | 'recipe' | 'config' | 'recipeVariant' | 'unclaimed'> {
  grp: number
  lane: string
  /** Lane of the first stage, where the group stands over one. */
  baseLane: string | null
  languages: string
  taskKey: string
  similarity: Similarity
  dimensions: number
  config: string
}

const COLUMNS = `g.id as grp, g.model, g.revision, g.variant, g.recipeKey, json_extract(g.recipe, '$.similarity') as similarity,
  json_extract(g.recipe, '$.dimensions') as dimensions, t.key as taskKey, t.name as task, t.subset, t.split, t.mainScore as mainScoreName,
  t.languages, coalesce(json_extract(t.ref, '$.type'), 'Retrieval') as taskType, g.lane, (select p.lane from grp p where p.id = g.base) as baseLane, c.config as configKey, c.configJson as config, c.mainScore`

/** Scored cells, of one sweep, or of all sweeps where one task shows one data set (`shownTasks`); about 3 µs a cell. */
export function boardCells(h: Handle, sweep: string | null): BoardCell[] {
  const rows =
    sweep === null
      ? h.all<BoardRow>(
          `select ${COLUMNS} from cell c join grp g on g.id = c.grp join task t on t.key = g.taskKey where c.state = 'scored'
           order by g.id, c.rowid`,
        )
      : h.all<BoardRow>(
          `select ${COLUMNS} from want w join config_set s on s.id = w.configs join json_each(s.json) j
           join cell c on c.grp = w.grp and c.config = json_extract(j.value, '$.key') and c.state = 'scored'
           join grp g on g.id = w.grp join task t on t.key = g.taskKey where w.sweep = ? order by w.rank, w.grp, j.key`,
          sweep,
        )
  const shown = sweep === null ? shownTasks(h) : null
  const configs = new Map<string, Config>()
  const unclaimedOf = readClaims(h)
  return rows.flatMap(({ grp, taskKey, similarity, dimensions, config, lane, baseLane, languages, ...row }) => {
    if (shown && !shown.has(taskKey)) return []
    if (!configs.has(config)) configs.set(config, JSON.parse(config) as Config)
    const parsed = configs.get(config) as Config
    const variants = { variant: shownVariant(row.variant, parsed), recipeVariant: row.variant }
    const unclaimed = unclaimedOf(baseLane === null ? [lane] : [baseLane, lane], languages)
    return { ...row, ...variants, group: grp, recipe: { similarity, dimensions }, config: parsed, unclaimed }
  })
}

/** Which of some languages (as the ledger's JSON) a model of some lanes does not claim; each question is answered once. */
function readClaims(h: Handle): (lanes: readonly string[], languages: string) => readonly string[] {
  const claims = new Map(
    h
      .all<{ key: string; languages: string | null }>(`select key, json_extract(json, '$.languages') as languages from load`)
      .map(({ key, languages }) => [key, languages === null ? null : (JSON.parse(languages) as Load['languages'])]),
  )
  const answered = new Map<string, readonly string[]>()
  return (lanes, languages) => {
    const question = [...lanes, languages].join(' ')
    const known = answered.get(question)
    if (known !== undefined) return known
    const loads = lanes.map((lane) => ({ languages: claims.get(lane) ?? null }))
    const found = unclaimedBy(loads, JSON.parse(languages) as string[])
    answered.set(question, found)
    return found
  }
}

/** Names of the tasks a sweep names, whether scored or not. Throws `SB-LEDGER-002`. */
export function tasksOfSweep(h: Handle, sweep: string): string[] {
  if (!h.has('select 1 from sweep where id = ?', sweep)) throw new SweepError('SB-LEDGER-002', { sweep })
  return h
    .all<{ name: string }>(
      `select distinct t.name from want w join grp g on g.id = w.grp join task t on t.key = g.taskKey where w.sweep = ? order by 1`,
      sweep,
    )
    .map(({ name }) => name)
}

/** Whether anything here, own or imported, is a score of this task. */
export function knowsTask(h: Handle, name: string): boolean {
  return h.has('select 1 from published_file where task = ?', name) || h.has('select 1 from task where name = ?', name)
}

/** Tasks of which anything was imported. */
export function publishedTasks(h: Handle): string[] {
  // One probe of the index a task, however many files it has.
  return h
    .all<{ task: string | null }>(
      `with recursive t(task) as (select min(task) from published_file union all
       select (select min(task) from published_file where task > t.task) from t where t.task is not null)
       select task from t where task is not null`,
    )
    .flatMap(({ task }) => (task === null ? [] : [task]))
}

/**
 * Mean main score of each imported file of a task, in order of import: over all its entries, or over those of the splits that are
 * evaluated (protocol 6.1: anything else in a file is ignored). A file with none of these is left out.
 */
export function publishedMeans(h: Handle, task: string, splits: readonly string[] | null): PublishedScore[] {
  if (splits === null)
    return h.all<PublishedScore>('select id, model, revision, mean as score from published_file where task = ? order by id', task)
  return h.all<PublishedScore>(
    `with counted as (
       select model, revision, datasetRevision, iif(count(mainScore) = count(*), avg(mainScore), null) as score
       from published where task = ? and split in (select value from json_each(?)) group by 1, 2, 3)
     select f.id, f.model, f.revision, c.score
     from published_file f join counted c using (model, revision, datasetRevision) where f.task = ? order by f.id`,
    task,
    JSON.stringify(splits),
    task,
  )
}

/** The score of an imported file over entries that somebody wants. */
export interface CountedScore extends PublishedScore {
  /** Those it lacks as `split/subset`; null where it has them all. */
  readonly lacks: readonly string[] | null
}

/** Mean main score of each imported file of a task over each of these splits with each of these subsets, in order of import; a file with none is left out. */
export function publishedOver(
  h: Handle,
  task: string,
  { splits, subsets }: { readonly splits: readonly string[]; readonly subsets: readonly string[] },
): CountedScore[] {
  const wanted = splits.flatMap((split) => subsets.map((subset) => `${split}/${subset}`))
  const rows = h.all<PublishedScore & { found: string | null }>(
    `with counted as (
       select model, revision, datasetRevision, iif(count(mainScore) = count(*), avg(mainScore), null) as score,
         iif(count(*) = ?, null, json_group_array(split || '/' || subset)) as found
       from published where task = ? and split in (select value from json_each(?)) and subset in (select value from json_each(?))
       group by 1, 2, 3)
     select f.id, f.model, f.revision, c.score, c.found
     from published_file f join counted c using (model, revision, datasetRevision) where f.task = ? order by f.id`,
    wanted.length,
    task,
    JSON.stringify(splits),
    JSON.stringify(subsets),
    task,
  )
  return rows.map(({ found, ...row }) => {
    if (found === null) return { ...row, lacks: null }
    const there = new Set(JSON.parse(found) as string[])
    return { ...row, lacks: wanted.filter((entry) => !there.has(entry)) }
  })
}

/** Main score of each imported file on one (split, subset) of a task, in no stated order. */
export function publishedEntries(h: Handle, entry: { task: string; split: string; subset: string }): PublishedScore[] {
  return h.all<PublishedScore>(
    'select id, model, revision, mainScore as score from published where task = ? and split = ? and subset = ?',
    entry.task,
    entry.split,
    entry.subset,
  )
}

/** A fingerprint under which an endpoint's vectors are kept, and the model it stands for. */
export interface KnownFingerprint {
  readonly model: string
  readonly fingerprint: string
}

/** Fingerprints of every endpoint that ever served here, the oldest first. */
export function knownFingerprints(h: Handle): KnownFingerprint[] {
  return h.all<KnownFingerprint>(
    `select json_extract(json, '$.model') as model, json_extract(json, '$.identity.fingerprint') as fingerprint from load
     where json_extract(json, '$.identity.fingerprint') is not null order by rowid`,
  )
}
