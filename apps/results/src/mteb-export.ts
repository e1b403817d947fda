import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isLexical, sha256, shownCut, splitVariant } from '@sweepboard/contracts'
import type { CellView } from '@sweepboard/ledger'
import { formatMtebJson, type MtebJson, nestEntry } from '@sweepboard/metrics'

/** The protocol's version whose numbers we write (design section 12). */
const MTEB_VERSION = '2.20.0'

export interface ExportSummary {
  readonly fileCount: number
  readonly cellCount: number
  /** Cells left out because their sweep sets `limit`: such numbers are never exported. */
  readonly limitedCount: number
}

/** What an experiment differs in from the model as it comes, by name. */
type Kwargs = ReadonlyMap<string, string | number>

interface ResultMembers {
  readonly kwargs: Kwargs
  readonly cells: CellView[]
}

/**
 * Writes scored cells as MTEB v2 result files: the default config to `DIR/<org>__<model>/<revision>/<Task>.json`, every other
 * config below `experiments/<kwargs>/`, and a `model_meta.json` beside each. Where several recipes (engines, weights behind a URL) have
 * one model and revision, the first in the cells' order keeps the file, the others lie below `experiments/recipe_<8 hex digits>`. Files are
 * written aside and renamed. Order of splits and subsets is the cells' own, so equal ledgers give equal files (times and hosts aside).
 */
export function exportResults(cells: readonly CellView[], folder: string, sweepboardVersion: string): ExportSummary {
  const exported = cells.filter((cell) => cell.state === 'scored' && cell.metrics && cell.limit === null)
  const files = new Map<string, ResultMembers>()
  for (const cell of exported) addToFile(files, cell)
  for (const [path, { kwargs, cells: members }] of files) {
    write(join(folder, path), formatMtebJson(resultFile(members, sweepboardVersion)))
    write(join(folder, dirname(path), 'model_meta.json'), formatMtebJson(modelMeta(members[0] as CellView, kwargs)))
  }
  return { fileCount: files.size, cellCount: exported.length, limitedCount: cells.filter((cell) => cell.limit !== null).length }
}

/** Folder of a model's results, below the folder of an export (protocol section 1.3). */
export function resultFolder(model: string, revision: string): string {
  return join(resultName(model), resultName(revision))
}

/** A name as part of a path: what could leave the folder becomes `_`. */
export function resultName(name: string): string {
  return name
    .replace(/[/\\\0]/g, '__')
    .replace(/ /g, '_')
    .replace(/^\.+/, '_')
}

function addToFile(files: Map<string, ResultMembers>, cell: CellView): void {
  const own = experimentKwargs(cell)
  const first = files.get(pathOf(cell, own))?.cells[0]
  const isOther = first !== undefined && first.recipeKey !== cell.recipeKey
  const kwargs = isOther ? new Map([...own, ['recipe', cell.recipeKey.slice(0, 8)]]) : own
  const path = pathOf(cell, kwargs)
  const members = files.get(path) ?? { kwargs, cells: [] }
  members.cells.push(cell)
  files.set(path, members)
}

function pathOf(cell: CellView, kwargs: Kwargs): string {
  const base = resultFolder(cell.model, cell.revision)
  const folder = kwargs.size === 0 ? base : join(base, 'experiments', experimentName(kwargs))
  return join(folder, `${resultName(cell.task)}.json`)
}

function experimentKwargs(cell: CellView): Map<string, string | number> {
  const kwargs = new Map<string, string | number>()
  const { config } = cell
  if (config.dimensions !== null) kwargs.set('dimensions', config.dimensions)
  const { engine, variant } = splitVariant(cell.recipeVariant)
  if (engine !== '') kwargs.set('engine', engine)
  if (variant !== '') kwargs.set('instruction', variant.replace(/^instruction: /, ''))
  if (config.precision !== 'float32') kwargs.set('precision', config.precision)
  if (config.similarity !== cell.recipe.similarity) kwargs.set('similarity', config.similarity)
  if (config.rerank !== undefined && config.rerank.depth !== null) {
    const { model, revision, depth, tail } = config.rerank
    kwargs.set('rerank', `${model}@${revision}-top${depth}${tail === 'drop' ? '-only' : ''}`)
  }
  if (config.hybrid !== undefined) {
    const { model, revision, weight } = config.hybrid
    kwargs.set('hybrid', `${model}@${revision}-${weight}`)
  }
  if (config.cut !== undefined) kwargs.set('cut', shownCut(config.cut).replace(' ', ''))
  return kwargs
}

/** Folder name of an experiment by protocol section 1.3: sorted `key_value` joined with `__`, hashed above 200 characters. */
export function experimentName(kwargs: Kwargs): string {
  const name = [...kwargs]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}_${String(value).replace(/[<>:"|?*\\/\0]/g, '_')}`)
    .join('__')
  return name.length > 200 ? `exp_${sha256(name).slice(0, 16)}` : name
}

function resultFile(cells: readonly CellView[], sweepboardVersion: string): MtebJson {
  const first = cells[0] as CellView
  const splits = new Map<string, MtebJson[]>()
  for (const cell of [...cells].sort((a, b) =>
    a.split === b.split ? (a.subset < b.subset ? -1 : 1) : a.split < b.split ? -1 : 1,
  )) {
    const nested = nestEntry<number | null>(cell.metrics ?? {})
    const entry = new Map<string, MtebJson>(Object.entries(nested).map(([key, value]) => [key, orNaN(value)]))
    entry.set('main_score', cell.mainScore ?? Number.NaN)
    entry.set('hf_subset', cell.subset)
    entry.set('languages', [...cell.languages])
    entry.set('mteb_version', MTEB_VERSION)
    splits.set(cell.split, [...(splits.get(cell.split) ?? []), entry])
  }
  const seconds = cells.reduce((sum, cell) => sum + evaluationSeconds(cell), 0)
  return {
    dataset_revision: first.datasetRevision ?? 'unknown',
    task_name: first.task,
    mteb_version: MTEB_VERSION,
    scores: splits,
    evaluation_time: seconds,
    kg_co2_emissions: null,
    date: Date.parse(first.scoredAt ?? '') / 1000 || 0,
    sweepboard: {
      version: sweepboardVersion,
      recipe_key: first.recipeKey,
      config_key: first.configKey,
      ...(cells.some(({ unclaimed }) => unclaimed.length > 0) ? { language_not_claimed: cells.flatMap(unclaimedPart) } : {}),
      evidence: cells.map(({ subset, split, counts, evidence }) => toMteb({ subset, split, data: counts, ...evidence })),
    },
  }
}

/** Where a model is judged in a language that it, or the reranker over it, does not claim. */
function unclaimedPart({ subset, split, unclaimed }: CellView): MtebJson[] {
  return unclaimed.length === 0 ? [] : [toMteb({ subset, split, languages: unclaimed })]
}

/** A metric, or the metrics of a half of an instruction task; what is undefined is NaN in a file. */
function orNaN(value: number | null | Readonly<Record<string, number | null>>): MtebJson {
  if (value === null || typeof value === 'number') return value ?? Number.NaN
  return new Map(Object.entries(value).map(([key, one]) => [key, one ?? Number.NaN]))
}

function evaluationSeconds(cell: CellView): number {
  const { score, query, document, pairs } = cell.evidence
  const encoded = [query, document, ...pairs].reduce((sum, side) => sum + (side?.encodeSeconds ?? 0), 0)
  return (score?.searchSeconds ?? 0) + (score?.metricSeconds ?? 0) + encoded
}

function modelMeta(cell: CellView, kwargs: Kwargs): MtebJson {
  return {
    name: cell.model.includes('/') ? cell.model : `local/${cell.model}`,
    revision: cell.revision,
    experiment_kwargs: new Map([...kwargs].map(([key, value]) => [key, typeof value === 'number' ? BigInt(value) : value])),
    // Scores of pairs and of token lists are numbers, not vectors.
    embed_dim: cell.recipe.dimensions === 1 ? null : BigInt(cell.recipe.dimensions),
    similarity_fn_name: cell.recipe.similarity,
    recipe: toMteb(cell.recipe),
    ...(isLexical(cell.load) ? { lexical: toMteb(cell.load.identity.options) } : {}),
  }
}

/** Plain JSON as the writer wants it: whole numbers stay integers. */
function toMteb(value: unknown): MtebJson {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value
  if (value === null || value === undefined) return null
  if (Array.isArray(value)) return value.map(toMteb)
  if (typeof value === 'object') return new Map(Object.entries(value).map(([key, member]) => [key, toMteb(member)]))
  return value as string | boolean
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  const aside = `${path}.${process.pid}.tmp`
  writeFileSync(aside, text)
  renameSync(aside, path)
}
