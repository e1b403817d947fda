import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { SweepError } from '@sweepboard/contracts'
import { parseMtebJson } from '@sweepboard/metrics'
import type { PublishedRow } from './published-row.ts'

export interface ImportRead {
  readonly rows: readonly PublishedRow[]
  readonly fileCount: number
  /** Files left out, each with its reason: legacy layouts and damaged ones. */
  readonly skipped: readonly { readonly file: string; readonly reason: string }[]
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * Reads modern MTEB result files: one file, or a folder as `<org>__<model>/<revision>/<Task>.json` (experiments are left out,
 * they are not the model's own row). Files that are no result files are listed with the reason, never half read.
 * @throws SweepError `SB-FILE-001` when the path cannot be read
 */
export function readPublished(path: string): ImportRead {
  const rows: PublishedRow[] = []
  const skipped: { file: string; reason: string }[] = []
  const files = listFiles(path)
  for (const file of files) {
    try {
      rows.push(...readResultFile(file, path))
    } catch (thrown) {
      skipped.push({ file, reason: thrown instanceof Error ? thrown.message : String(thrown) })
    }
  }
  return { rows, fileCount: files.length - skipped.length, skipped }
}

function listFiles(path: string): string[] {
  try {
    if (statSync(path).isFile()) return [path]
    const entries = readdirSync(path, { recursive: true, withFileTypes: true })
    return entries
      .filter(
        (e) =>
          e.isFile() && e.name.endsWith('.json') && e.name !== 'model_meta.json' && !`${e.parentPath}/`.includes('/experiments/'),
      )
      .map((e) => join(e.parentPath, e.name))
      .sort()
  } catch (cause) {
    throw new SweepError('SB-FILE-001', { file: path, message: (cause as Error).message }, { cause })
  }
}

function readMeta(file: string): { name: string; revision: string } {
  const folder = dirname(file)
  const fallback = { name: basename(dirname(folder)).replace('__', '/'), revision: basename(folder) }
  try {
    const meta = parseMtebJson(readFileSync(join(folder, 'model_meta.json'), 'utf8')) as Record<string, Json>
    return {
      name: typeof meta.name === 'string' ? meta.name : fallback.name,
      revision: typeof meta.revision === 'string' ? meta.revision : fallback.revision,
    }
  } catch {
    return fallback // model_meta.json is optional: name and revision come from the path (protocol 1.3)
  }
}

function readResultFile(file: string, root: string): PublishedRow[] {
  const refuse = (message: string) => new SweepError('SB-FILE-002', { file, message })
  const raw = parseMtebJson(readFileSync(file, 'utf8')) as Record<string, Json>
  if (raw === null || typeof raw !== 'object') throw refuse('not an object')
  if (typeof raw.task_name !== 'string' || raw.scores === null || typeof raw.scores !== 'object')
    throw refuse('legacy layout or no result file')
  const { name: model, revision } = readMeta(file)
  const head = {
    model,
    revision,
    task: raw.task_name,
    mtebVersion: typeof raw.mteb_version === 'string' ? raw.mteb_version : null,
    datasetRevision: typeof raw.dataset_revision === 'string' ? raw.dataset_revision : '',
    evaluationTime: typeof raw.evaluation_time === 'number' && Number.isFinite(raw.evaluation_time) ? raw.evaluation_time : null,
    origin: relative(dirname(root), file),
  }
  return Object.entries(raw.scores as Record<string, Json>).flatMap(([split, entries]) => {
    if (!Array.isArray(entries)) throw refuse(`split ${split} is not a list`)
    return (entries as Record<string, Json>[]).map((entry) => ({ ...head, split, ...readEntry(entry, refuse) }))
  })
}

function readEntry(
  entry: Record<string, Json>,
  refuse: (message: string) => SweepError,
): Pick<PublishedRow, 'subset' | 'mainScore' | 'metrics' | 'languages'> {
  if (typeof entry.hf_subset !== 'string' || !Array.isArray(entry.languages) || !('main_score' in entry))
    throw refuse('an entry lacks hf_subset, languages or main_score')
  const finite = (value: Json | undefined) => (typeof value === 'number' && Number.isFinite(value) ? value : null)
  const metrics = Object.fromEntries(
    Object.entries(entry)
      .filter(([key, value]) => key !== 'main_score' && (typeof value === 'number' || value === null))
      .map(([key, value]) => [key, finite(value)]),
  )
  return { subset: entry.hf_subset, mainScore: finite(entry.main_score), metrics, languages: entry.languages.map(String) }
}
