import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import { SweepError } from '@sweepboard/contracts'
import { formatMtebJson, type MtebJson, parseMtebJson } from '@sweepboard/metrics'
import { findTask } from '@sweepboard/tasks'
import { flattenScores, isLegacyLayout, type MtebObject, toModernLayout } from './mteb-legacy.ts'
import type { PublishedRow } from './published-row.ts'

/** A file as read, or the coded reason why it was left out; never half of one. */
export type ReadFile =
  | {
      readonly file: string
      readonly rows: readonly PublishedRow[]
      /** Whether `sweepboard export` wrote it, here or elsewhere. */
      readonly isOurs: boolean
    }
  | { readonly file: string; readonly error: SweepError }

/** Levels above 1 halve the speed of an import and save an eighth of the space. */
const DEFLATE = { level: 1 }

/**
 * The result files of a folder `<org>__<model>/<revision>/<Task>.json`, sorted, or the one file itself. Files of `experiments`
 * are among them: reading one says that it is not the model's own row.
 * @throws SweepError `SB-FILE-001` when the path cannot be read
 */
export function listResultFiles(path: string): string[] {
  try {
    if (statSync(path).isFile()) return [path]
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((e) => e.isFile() && e.name.endsWith('.json') && e.name !== 'model_meta.json')
      .map((e) => join(e.parentPath, e.name))
      .sort()
  } catch (cause) {
    throw new SweepError('SB-FILE-001', { file: path, message: (cause as Error).message }, { cause })
  }
}

/**
 * Reads one MTEB result file of any era: numbers that are NaN or null are undefined scores, legacy layouts are converted
 * (protocol section 1.2). Its first row carries the file's text in the modern layout, a modern file's own text unchanged.
 * Refusals: `SB-FILE-001` unreadable, `SB-FILE-002` no result file, `SB-FILE-003` an experiment.
 * @param root what paths are told relative to: the folder or file of the import
 */
export function readResultFile(file: string, root: string): ReadFile {
  try {
    if (/[/\\]experiments[/\\]/.test(relative(dirname(root), file))) throw new SweepError('SB-FILE-003', { file })
    return { file, ...readRows(readText(file), { file, origin: relative(dirname(root), file) }) }
  } catch (thrown) {
    if (thrown instanceof SweepError) return { file, error: thrown }
    if (thrown instanceof SyntaxError)
      return { file, error: new SweepError('SB-FILE-002', { file, message: thrown.message }, { cause: thrown }) }
    throw thrown
  }
}

function readText(file: string): string {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(file)
  } catch (cause) {
    throw new SweepError('SB-FILE-001', { file, message: (cause as Error).message }, { cause })
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new SweepError('SB-FILE-002', { file, message: 'not valid UTF-8' }, { cause })
  }
}

function readRows(text: string, place: { file: string; origin: string }): { rows: PublishedRow[]; isOurs: boolean } {
  const refuse = (message: string) => new SweepError('SB-FILE-002', { file: place.file, message })
  let raw = parseMtebJson(text)
  if (!isObject(raw)) throw refuse('not an object')
  let source = text.trim()
  if (isLegacyLayout(raw)) {
    // Read once more with Python's ints apart from its floats: the converted file is written from it.
    const modern = toModernLayout(parseMtebJson(text, { integers: 'bigint' }) as MtebObject)
    source = formatMtebJson(modern)
    raw = parseMtebJson(source) as MtebObject
  }
  const { task_name: task, scores, mteb_version: version, dataset_revision: data, evaluation_time: time } = raw
  if (typeof task !== 'string' || task === '') throw refuse('no task_name')
  if (!isObject(scores)) throw refuse('no scores')
  const mtebVersion = typeof version === 'string' ? version : null
  const { name: model, revision } = readMeta(place.file)
  const head = {
    model,
    revision,
    task,
    mtebVersion,
    datasetRevision: typeof data === 'string' ? data : '',
    evaluationTime: finite(time),
    origin: place.origin,
  }
  // No other type nests its scores so; a task the catalog does not know may be of this one.
  const type = findTask(task)?.type ?? 'PairClassification'
  const isNested = isOlder(mtebVersion, [1, 12, 48]) && type === 'PairClassification'
  const rows = Object.entries(scores).flatMap(([split, entries]) => {
    if (!Array.isArray(entries)) throw refuse(`split ${split} is not a list`)
    return entries.map((entry: MtebJson) => {
      if (!isObject(entry)) throw refuse(`an entry of split ${split} is not an object`)
      return { ...head, split, ...readEntry(isNested ? Object.fromEntries(flattenScores(entry)) : entry, refuse) }
    })
  })
  if (rows.length === 0) throw refuse('it has no score')
  const first = { ...(rows[0] as PublishedRow), source: deflateRawSync(source, DEFLATE).toString('base64') }
  return { rows: [first, ...rows.slice(1)], isOurs: isObject(raw.sweepboard) }
}

/** Name and revision from the `model_meta.json` beside a file, else from its path (protocol section 1.3). */
function readMeta(file: string): { name: string; revision: string } {
  const folder = dirname(resolve(file)) // whole: of a path such as `./SciFact.json` no folder's name is left
  const fallback = { name: basename(dirname(folder)).replace('__', '/'), revision: basename(folder) }
  try {
    const meta = parseMtebJson(readFileSync(join(folder, 'model_meta.json'), 'utf8'))
    if (!isObject(meta)) return fallback
    return {
      name: typeof meta.name === 'string' && meta.name !== '' ? meta.name : fallback.name,
      revision: typeof meta.revision === 'string' && meta.revision !== '' ? meta.revision : fallback.revision,
    }
  } catch {
    return fallback // absent or damaged: it is optional
  }
}

function readEntry(
  entry: MtebObject,
  refuse: (message: string) => SweepError,
): Pick<PublishedRow, 'subset' | 'mainScore' | 'metrics' | 'languages'> {
  if (typeof entry.hf_subset !== 'string' || !Array.isArray(entry.languages) || !('main_score' in entry))
    throw refuse('an entry lacks hf_subset, languages or main_score')
  // Halves of an instruction task are objects of their own: `{"og": {"ndcg_at_10": 1}}` becomes `og.ndcg_at_10`.
  const flat = Object.entries(entry).flatMap(([key, value]): [string, MtebJson][] =>
    isObject(value) && (key === 'og' || key === 'changed')
      ? Object.entries(value).map(([inner, one]) => [`${key}.${inner}`, one])
      : [[key, value]],
  )
  const metrics = Object.fromEntries(
    flat
      .filter(([key, value]) => key !== 'main_score' && (typeof value === 'number' || value === null))
      .map(([key, value]) => [key, finite(value)]),
  )
  return { subset: entry.hf_subset, mainScore: finite(entry.main_score), metrics, languages: entry.languages.map(String) }
}

/** Whether a version is below another; a range counts as its lower end, no version as old. */
function isOlder(version: string | null, than: readonly [number, number, number]): boolean {
  const found = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(version ?? '0.0')
  if (found === null) return false
  const parts = [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)]
  const at = parts.findIndex((part, i) => part !== than[i])
  return at >= 0 && (parts[at] as number) < (than[at] as number)
}

function finite(value: MtebJson | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

function isObject(value: MtebJson | undefined): value is MtebObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
