import { existsSync, readdirSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { SweepError, type TaskRef } from '@sweepboard/contracts'
import { isPathPart } from './path-part.ts'
import type { ResolvedTask, ResolveOptions } from './resolve.ts'
import { shippedFolder } from './shipped.ts'
import { readTaskFile, type TaskFile } from './task-file.ts'

/** MTEB's default for retrieval tasks without a prompt: the same text on both sides. */
const FAMILY_INSTRUCTION = 'Retrieve text based on user query.'

/**
 * The references of a task outside the catalog. It has the one subset `default`. Splits: those asked for, else of
 * task.json, else `test` where there is one, else all of `qrels/`.
 */
export function resolveFolderTask(named: { kind: 'folder' | 'shipped'; name: string }, options: ResolveOptions): ResolvedTask {
  const folder = named.kind === 'shipped' ? (shippedFolder(named.name) as string) : resolve(options.baseFolder ?? '.', named.name)
  if (!existsSync(join(folder, 'corpus.jsonl')))
    throw new SweepError('SB-TASK-008', { task: named.name, path: join(folder, 'corpus.jsonl') })
  const file = readTaskFile(named.name, folder)
  const name = named.kind === 'shipped' ? named.name : (file.name ?? basename(folder))
  for (const subset of options.subsets ?? [])
    if (subset !== 'default') throw new SweepError('SB-TASK-010', { task: name, what: 'subset', name: subset })
  const refs = chooseSplits({ name, folder, file, options }).map(
    (split): TaskRef => ({
      task: name,
      subset: 'default',
      split,
      source: named.kind === 'shipped' ? { kind: 'shipped', name } : { kind: 'folder', path: folder },
      mainScore: file.mainScore ?? 'ndcg_at_10',
      languages: file.languages ?? [],
      ignoreIdenticalIds: file.ignoreIdenticalIds ?? false,
      limit: options.limit ?? null,
      catalog: null,
    }),
  )
  return { name, refs, warnings: [], instruction: folderInstruction(file) }
}

/** Names of the splits a task folder has judgments for, sorted. */
export function listSplits(folder: string): string[] {
  const qrels = join(folder, 'qrels')
  if (!existsSync(qrels)) return []
  return readdirSync(qrels)
    .filter((file) => file.endsWith('.tsv'))
    .map((file) => file.slice(0, -'.tsv'.length))
    .filter(isPathPart)
    .sort()
}

function chooseSplits({
  name,
  folder,
  file,
  options,
}: {
  name: string
  folder: string
  file: TaskFile
  options: ResolveOptions
}) {
  const present = listSplits(folder)
  if (present.length === 0) throw new SweepError('SB-TASK-008', { task: name, path: join(folder, 'qrels', 'test.tsv') })
  const wanted = options.splits ?? file.splits ?? (present.includes('test') ? ['test'] : present)
  const absent = wanted.filter((split) => !present.includes(split))
  if (absent.length > 0) throw new SweepError('SB-TASK-010', { task: name, what: 'split', name: absent.join('", "') })
  return [...new Set(wanted)]
}

function folderInstruction({ prompt }: TaskFile): ResolvedTask['instruction'] {
  if (typeof prompt === 'object') return { query: prompt.query ?? '', document: prompt.document ?? '' }
  const text = prompt ?? FAMILY_INSTRUCTION
  return { query: text, document: text }
}
