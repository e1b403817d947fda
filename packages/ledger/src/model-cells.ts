import { type Config, type Load, type Recipe, type Similarity, shownVariant, type TaskType } from '@sweepboard/contracts'
import type { BoardCell } from './board.ts'
import { encodingEvidence } from './evidence.ts'
import type { Handle } from './handle.ts'
import { shownTasks } from './shown-tasks.ts'

/** A scored cell of a model as it is compared: a cell of the board, with the data it was scored on and its scores by query. */
export interface ModelCell extends Omit<BoardCell, 'unclaimed'> {
  readonly taskKey: string
  /** Equal texts and judgments, equal text. */
  readonly data: string
  /** As exports name the data; null where nobody said. */
  readonly datasetRevision: string | null
  /** Limited data. */
  readonly limit: number | null
  /** Whether the board of all sweeps shows this data (`shownTasks`). */
  readonly isShown: boolean
  /** Artifact. */
  readonly perQuery: string | null
  readonly scoredAt: string
}

/** What was at work when cells of one recipe and config were scored. */
export interface CellsOrigin {
  /** As the task filled it in. */
  readonly recipe: Recipe
  readonly load: Load['identity']
  /** Engines with their versions, and what computed for them. */
  readonly engines: readonly string[]
  readonly providers: readonly string[]
  readonly dtypes: readonly string[]
  readonly devices: readonly string[]
  /** Code that encoded or scored. */
  readonly codes: readonly string[]
}

/** The first sweep that named a cell. */
export interface FirstSweep {
  readonly group: number
  readonly configKey: string
  readonly id: string
  readonly name: string
}

interface CellRow extends Omit<ModelCell, 'group' | 'recipe' | 'config' | 'recipeVariant' | 'isShown'> {
  grp: number
  similarity: Similarity
  dimensions: number
  config: string
  taskType: TaskType
}

/** Scored cells of these models, of all tasks or of one, in the order they were scored. */
export function modelCells(h: Handle, models: readonly string[], task: string | null): ModelCell[] {
  const rows = h.all<CellRow>(
    `select g.id as grp, g.model, g.revision, g.variant, g.recipeKey, json_extract(g.recipe, '$.similarity') as similarity,
       json_extract(g.recipe, '$.dimensions') as dimensions, t.key as taskKey, t.name as task, t.subset, t.split,
       t.mainScore as mainScoreName, coalesce(json_extract(t.ref, '$.type'), 'Retrieval') as taskType,
       concat_ws(' ', t.queries, t.documents, t.judgments) as data, t.datasetRevision, json_extract(t.ref, '$.limit') as "limit",
       c.config as configKey, c.configJson as config, c.mainScore, c.perQuery, c.scoredAt
     from grp g join task t on t.key = g.taskKey join cell c on c.grp = g.id
     where g.model in (select value from json_each(?)) and (? is null or t.name = ?) and c.state = 'scored'
     order by c.scoredAt, g.id, c.rowid`,
    JSON.stringify(models),
    task,
    task,
  )
  const shown = shownTasks(h, new Set(rows.map((row) => row.task)))
  return rows.map(({ grp, similarity, dimensions, config, ...row }) => {
    const parsed = JSON.parse(config) as Config
    const variants = { variant: shownVariant(row.variant, parsed), recipeVariant: row.variant }
    const isShown = shown.has(row.taskKey)
    return { ...row, ...variants, group: grp, recipe: { similarity, dimensions }, config: parsed, isShown }
  })
}

/** How cells of one recipe and config came about, given by their groups (of one or more). */
export function cellsOrigin(h: Handle, groups: readonly number[], configKey: string): CellsOrigin {
  const given = JSON.stringify(groups)
  const { recipe, load } = h.get<{ recipe: string; load: string }>(
    `select g.recipe, l.json as load from grp g join load l on l.key = coalesce((select p.lane from grp p where p.id = g.base), g.lane)
     where g.id = ?`,
    groups[0] as number,
  ) as { recipe: string; load: string }
  const scorers = h.all<{ code: string | null }>(
    `select distinct json_extract(evidence, '$.code') as code from cell where grp in (select value from json_each(?)) and config = ?`,
    given,
    configKey,
  )
  const sides = h
    .all<{ encoding: number }>(
      `select distinct ge.encoding from grp_encoding ge where ge.grp in (select value from json_each(?)
         union select g.base from grp g where g.id in (select value from json_each(?)) and g.base is not null)`,
      given,
      given,
    )
    .map(({ encoding }) => encodingEvidence(h, encoding))
  const distinct = (texts: readonly string[]) => [...new Set(texts)].sort()
  return {
    recipe: JSON.parse(recipe) as Recipe,
    load: (JSON.parse(load) as Load).identity,
    engines: distinct(sides.flatMap((side) => side.engines)),
    providers: distinct(sides.flatMap((side) => side.providers)),
    dtypes: distinct(sides.flatMap((side) => side.dtypes)),
    devices: distinct(sides.flatMap((side) => side.devices)),
    codes: distinct([...sides.flatMap((side) => side.codes), ...scorers.flatMap(({ code }) => code ?? [])]),
  }
}

/** The first sweep that named each cell of these groups. */
export function firstSweeps(h: Handle, groups: readonly number[]): FirstSweep[] {
  // Of a bare column beside min() SQLite takes the row that has the minimum.
  return h.all<FirstSweep & { first: number }>(
    `select w.grp as "group", json_extract(j.value, '$.key') as configKey, s.id, s.name, min(s.rowid) as first
     from want w join sweep s on s.id = w.sweep join config_set f on f.id = w.configs join json_each(f.json) j
     where w.grp in (select value from json_each(?)) group by 1, 2`,
    JSON.stringify(groups),
  )
}

/** Names of all models, our own and imported, in order. */
export function modelNames(h: Handle): string[] {
  // One probe of an index a model, however many groups or files it has.
  const names = (table: 'grp' | 'published_file') =>
    h.all<{ model: string | null }>(
      `with recursive m(model) as (select min(model) from ${table} union all
       select (select min(model) from ${table} where model > m.model) from m where m.model is not null)
       select model from m where model is not null`,
    )
  return [
    ...new Set([...names('grp'), ...names('published_file')].flatMap(({ model }) => (model === null ? [] : [model]))),
  ].sort()
}

/** One (task, subset, split) of an imported file. */
export interface PublishedEntry {
  /** Grows with each import. */
  readonly id: number
  readonly model: string
  readonly revision: string
  readonly task: string
  readonly subset: string
  readonly split: string
  /** Null where undefined. */
  readonly mainScore: number | null
  /** Empty where the file does not say. */
  readonly datasetRevision: string
  /** Path of the file. */
  readonly origin: string
}

/** Imported main scores of these models, of all tasks or of one, in order of import. */
export function publishedOf(h: Handle, models: readonly string[], task: string | null): PublishedEntry[] {
  return h.all<PublishedEntry>(
    `select id, model, revision, task, subset, split, mainScore, datasetRevision, origin from published
     where model in (select value from json_each(?)) and (? is null or task = ?) order by id`,
    JSON.stringify(models),
    task,
    task,
  )
}
