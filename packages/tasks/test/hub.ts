import { type StubHub, type StubRepo, startStubHub } from '@sweepboard/test-kit'
import { onTestFinished } from 'vitest'
import { findTask } from '../src/catalog.ts'
import type { HubSettings } from '../src/hub-settings.ts'
import { type ResolveOptions, resolveTask } from '../src/resolve.ts'
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
