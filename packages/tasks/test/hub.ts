import { SweepError } from '@sweepboard/contracts'
import { type StubHub, type StubRepo, startStubHub } from '@sweepboard/test-kit'
import { onTestFinished } from 'vitest'
import { findTask } from '../src/catalog.ts'
import { hubFile } from '../src/hub-download.ts'
import type { HubSettings } from '../src/hub-settings.ts'
import { listTree } from '../src/hub-tree.ts'
import { readTask } from '../src/read-task.ts'
import { type ResolveOptions, resolveTask } from '../src/resolve.ts'
import type { TypedData } from '../src/task-data.ts'
import { tempFolder } from './task-folder.ts'

export interface TestHub {
  readonly hub: StubHub
  readonly settings: HubSettings
}

export const COMMIT = '0123456789abcdef0123456789abcdef01234567'

/** A hub that holds these repositories, with a cache of its own and quick repeats. */
export async function startHub(
  repos: Readonly<Record<string, StubRepo>>,
  options: { token?: string; pageSize?: number } = {},
): Promise<TestHub> {
  const { token = null, ...served } = options
  const hub = await startStubHub({ repos, ...served })
  onTestFinished(() => hub.close())
  return { hub, settings: { cacheDir: tempFolder(), endpoint: hub.url, token, offline: false, retryMs: 1 } }
}

/** A hub with the repository of one catalog task at its revision. */
export async function startTaskHub(task: string, files: StubRepo['files']): Promise<TestHub> {
  const { path, revision } = findTask(task)?.dataset ?? {}
  return startHub({ [path as string]: { commit: revision as string, files } })
}

/** The one reference of a catalog task taken from the hub. */
export function hubRef(task: string, options: ResolveOptions = {}) {
  const { refs } = resolveTask(task, { ...options, hub: true })
  if (refs[0] === undefined || refs.length > 1) throw new Error(`${task} has ${refs.length} references`)
  return refs[0]
}

export const card = (yaml: string) => `---\n${yaml}\n---\n# A data set\n`

/** One entry of a card's configs: the files of one split. */
export const config = (name: string, split: string, path: string) =>
  `- config_name: ${name}\n  data_files: [{split: ${split}, path: ${path}}]`
export const configs = (...list: string[]) => card(['configs:', ...list].join('\n'))

export type HubFiles = Parameters<typeof startTaskHub>[1]

/** What a task reads from a hub repository of these files. */
export async function readFromHub(task: string, files: HubFiles, options: ResolveOptions = {}): Promise<TypedData> {
  const { settings } = await startTaskHub(task, files)
  return readTask(hubRef(task, options), { hub: settings })
}

export async function refusalFromHub(task: string, files: HubFiles, options: ResolveOptions = {}): Promise<SweepError> {
  const outcome = await readFromHub(task, files, options).catch((thrown: unknown) => thrown)
  if (!(outcome instanceof Error)) throw new Error('not refused')
  return outcome as SweepError
}

/** Pairs as [first, second, score or label]. */
export const pairs = (data: TypedData) =>
  'pairs' in data ? data.pairs.map(({ first, second, value }) => [first, second, value]) : data
export const bitext = (data: TypedData) => ('bitext' in data ? data.bitext : data)
/** Queries as [id, text, grades], documents as [id, text]. */
export const ranked = (data: TypedData) => {
  if (!('ranked' in data)) throw new Error(data.type)
  const { queries, documents, topRanked, changed } = data.ranked
  return {
    queries: queries.map(({ id, text, grades }) => [id, text, Object.fromEntries(grades)]),
    documents: documents.map(({ id, text }) => [id, text]),
    topRanked: topRanked && Object.fromEntries(topRanked),
    changed: changed && Object.fromEntries(changed),
  }
}

export const HUB_REPO = 'org/data'
export const LARGE_FILE = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7919) % 251))
export const HUB_FILES = { 'README.md': '# small', 'data/test.bin': LARGE_FILE, 'empty.txt': '', 'odd name #1?.txt': 'odd' }

/** A hub with one repository of plain files. */
export const startFiles = (options?: Parameters<typeof startHub>[1], repo = {}) =>
  startHub({ [HUB_REPO]: { commit: COMMIT, files: HUB_FILES, ...repo } }, options)

/** The path of one file of `HUB_REPO` in the cache. */
export async function fetchFile(settings: HubSettings, path: string, revision = COMMIT): Promise<string> {
  const tree = await listTree(settings, HUB_REPO, revision)
  const file = tree.files.find((one) => one.path === path)
  if (file === undefined) throw new Error(`${path} is not listed`)
  return hubFile(settings, tree, file)
}

export const fileRefusal = async (settings: HubSettings, path = 'data/test.bin'): Promise<SweepError> => {
  const outcome = await fetchFile(settings, path).catch((thrown: unknown) => thrown)
  if (outcome instanceof SweepError) return outcome
  throw new Error('not refused')
}
