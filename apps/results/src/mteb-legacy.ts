import type { MtebJson } from '@sweepboard/metrics'
import { findTask, listTasks, subsetLanguages } from '@sweepboard/tasks'

/** An object of a result file. */
export type MtebObject = { readonly [key: string]: MtebJson }

const RENAMED: Readonly<Record<string, string>> = {
  NorwegianParliament: 'NorwegianParliamentClassification',
  CMedQAv2: 'CMedQAv2-reranking',
  CMedQAv1: 'CMedQAv1-reranking',
  '8TagsClustering': 'EightTagsClustering',
  PPC: 'PpcPC',
}
/** Nested objects of an entry: anything else nested in a split is a subset. */
const ENTRY_OBJECTS = new Set(['v_measures', 'cos_sim', 'euclidean', 'manhattan', 'dot', 'max'])
const FLATTENED: Readonly<Record<string, string>> = {
  cos_sim: 'cosine',
  cosine: 'cosine',
  manhattan: 'manhattan',
  euclidean: 'euclidean',
  dot: 'dot',
  max: 'max',
  similarity: 'similarity',
}
const HEAD = new Set(['mteb_dataset_name', 'dataset_revision', 'mteb_version', 'mteb_dataset_revision'])

/** Whether a file has the layout of mteb before 1.11: one key per split at the top, `mteb_dataset_name`, no `scores`. */
export function isLegacyLayout(file: MtebObject): boolean {
  return typeof file.mteb_dataset_name === 'string' && !('scores' in file)
}

/** The modern layout of a legacy file, by the rules of protocol section 1.2; numbers stay as they are. */
export function toModernLayout(file: MtebObject): MtebObject {
  const task = currentName(String(file.mteb_dataset_name))
  const version = typeof file.mteb_version === 'string' ? file.mteb_version : null
  let seconds: number | null = null
  const scores = new Map<string, MtebJson>()
  for (const [split, value] of Object.entries(file)) {
    if (HEAD.has(split) || !isObject(value)) continue
    const { evaluation_time: time, ...rest } = value
    if (isNumber(time)) seconds = (seconds ?? 0) + Number(time)
    const hasSubsets = Object.entries(rest).some(([key, member]) => isObject(member) && !ENTRY_OBJECTS.has(key))
    const subsets = hasSubsets ? Object.entries(rest) : [['default', rest] as const]
    scores.set(
      split,
      subsets.flatMap(([subset, entry]) => (isObject(entry) ? [toEntry(entry, { task, version, subset })] : [])),
    )
  }
  return {
    dataset_revision: typeof file.dataset_revision === 'string' ? file.dataset_revision : '',
    task_name: task,
    mteb_version: version,
    scores,
    evaluation_time: seconds,
    kg_co2_emissions: null,
  }
}

function toEntry(entry: MtebObject, of: { task: string; version: string | null; subset: string }): MtebJson {
  const flat = flattenScores(entry)
  const known = findTask(of.task)
  if (!flat.has('main_score')) flat.set('main_score', (known && flat.get(known.mainScore)) ?? null)
  const subset = currentSubset(of)
  flat.set('hf_subset', subset)
  flat.set('languages', [...((known && subsetLanguages(known).get(subset)) ?? [])])
  return flat
}

/** `{ cos_sim: { ap: v } }` as `cosine_ap: v`, for the six similarities; the rest as it is. */
export function flattenScores(entry: MtebObject): Map<string, MtebJson> {
  const flat = new Map<string, MtebJson>()
  for (const [key, value] of Object.entries(entry)) {
    const prefix = FLATTENED[key]
    if (prefix === undefined || !isObject(value)) flat.set(key, value)
    else for (const [metric, member] of Object.entries(value)) flat.set(`${prefix}_${metric}`, member)
  }
  return flat
}

function currentName(name: string): string {
  const renamed = RENAMED[name] ?? name
  if (findTask(renamed)) return renamed
  const lower = renamed.toLowerCase()
  return listTasks().find((task) => task.name.toLowerCase() === lower)?.name ?? renamed
}

function currentSubset({ task, version, subset }: { task: string; version: string | null; subset: string }): string {
  const isOfThree = version === '1.1.2.dev0' || version === '1.1.3.dev0'
  if (/^MLSUMClustering(P2P|S2S)$/.test(task) && isOfThree && subset === 'default') return 'fr'
  return task === 'XPQARetrieval' && subset === 'fr' ? 'fra-fra' : subset
}

function isObject(value: MtebJson | undefined): value is MtebObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNumber(value: MtebJson | undefined): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}
