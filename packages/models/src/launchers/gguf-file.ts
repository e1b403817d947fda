import { readdir } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { SweepError } from '@sweepboard/contracts'
import { hubSnapshot } from '../hub-snapshot.ts'
import type { LaunchChoice, ResolveContext } from '../model-source.ts'

/** A folder with GGUF files, and the name of one, whole or in part; null where it has but one. */
interface Gguf {
  readonly folder: string
  readonly file: string | null
}

interface GgufPlace extends Pick<ResolveContext, 'baseDir' | 'hubCache'> {
  readonly model: string
  /** The model's own folder; null of a hub id. */
  readonly folder: string | null
}

/**
 * Where llama.cpp's weights lie: `file` where it is a path; else the model's folder; else the hub's cache on this machine, which holds
 * `repo`, by default `<model>-GGUF`. They are known by the file's digest, as all weights on disk are: llama.cpp's own download (`-hf`)
 * takes whatever the hub's main branch holds on the day, on each host.
 * @throws SweepError `SB-MODEL-015` where the cache lacks the repository or has no such file of it
 */
export async function findGguf(choice: LaunchChoice, { model, folder, baseDir, hubCache }: GgufPlace): Promise<Gguf> {
  const file = choice.file ?? null
  if (file?.includes('/')) {
    const path = resolve(baseDir, file)
    return { folder: dirname(path), file: basename(path) }
  }
  if (folder !== null && choice.repo === undefined) return { folder, file }
  const repo = choice.repo ?? (/-GGUF$/i.test(model) ? model : `${model}-GGUF`)
  const snapshot = hubCache === undefined ? null : await hubSnapshot(hubCache, repo, 'main')
  const names = snapshot === null ? [] : await readdir(snapshot)
  const part = file?.replace(/\.gguf$/i, '') ?? ''
  if (snapshot !== null && names.some((name) => name.endsWith('.gguf') && name.toLowerCase().includes(part.toLowerCase())))
    return { folder: snapshot, file }
  throw new SweepError('SB-MODEL-015', {
    repo,
    file: part === '' ? '*.gguf' : `*${part}*.gguf`,
    cache: hubCache ?? 'the hub cache',
  })
}
