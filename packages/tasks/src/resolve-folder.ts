import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { SweepError, type TaskRef, type TaskType } from '@sweepboard/contracts'
import { expectedFile, isRankedFolder, listSplits } from './folder-layout.ts'
import type { ResolvedTask, ResolveOptions } from './resolve.ts'
import { shippedFolder } from './shipped.ts'
import { defaultMainScore, readTaskFile, type TaskFile } from './task-file.ts'

/** What MTEB gives an instruction model for a task without a prompt: the same text on both sides. */
const FAMILY_INSTRUCTION: Readonly<Record<TaskType, string>> = {
  Retrieval: 'Retrieve text based on user query.',
  Reranking: 'Retrieve text based on user query.',
  InstructionReranking: 'Retrieve text based on user query.',
  STS: 'Retrieve semantically similar text.',
  PairClassification: 'Retrieve text that are semantically similar to the given text.',
  BitextMining: 'Retrieve parallel sentences.',
}

/**
 * The references of a task outside the catalog. It has the one subset `default`. Splits: those asked for, else of
 * task.json, else `test` where there is one, else all that are there.
 */
export function resolveFolderTask(named: { kind: 'folder' | 'shipped'; name: string }, options: ResolveOptions): ResolvedTask {
  const folder = named.kind === 'shipped' ? (shippedFolder(named.name) as string) : resolve(options.baseFolder ?? '.', named.name)
  if (!existsSync(folder)) throw new SweepError('SB-TASK-008', { task: named.name, path: join(folder, 'corpus.jsonl') })
  const file = readTaskFile(named.name, folder)
  const type = file.type ?? 'Retrieval'
  const name = named.kind === 'shipped' ? named.name : (file.name ?? basename(folder))
  for (const subset of options.subsets ?? [])
    if (subset !== 'default') throw new SweepError('SB-TASK-010', { task: name, what: 'subset', name: subset })
  const refs = chooseSplits({ name, folder, file, options }).map(
    (split): TaskRef => ({
      task: name,
      subset: 'default',
      split,
      source: named.kind === 'shipped' ? { kind: 'shipped', name } : { kind: 'folder', path: folder },
      ...(type === 'Retrieval' ? {} : { type }),
      mainScore: file.mainScore ?? defaultMainScore(type),
      languages: file.languages ?? [],
      ignoreIdenticalIds: file.ignoreIdenticalIds ?? false,
      limit: options.limit ?? null,
      catalog: null,
    }),
  )
  return { name, type, refs, warnings: [], instruction: folderInstruction(file), components: null }
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
  const type = file.type ?? 'Retrieval'
  const present = listSplits(folder, type, 'default')
  if (present.length === 0) {
    const wanted = isRankedFolder(folder) ? join('qrels', 'test.tsv') : expectedFile(type, 'test')
    throw new SweepError('SB-TASK-008', { task: name, path: join(folder, wanted) })
  }
  const wanted = options.splits ?? file.splits ?? (present.includes('test') ? ['test'] : present)
  const absent = wanted.filter((split) => !present.includes(split))
  if (absent.length > 0) throw new SweepError('SB-TASK-010', { task: name, what: 'split', name: absent.join('", "') })
  return [...new Set(wanted)]
}

function folderInstruction({ prompt, type }: TaskFile): ResolvedTask['instruction'] {
  if (typeof prompt === 'object') return { query: prompt.query ?? '', document: prompt.document ?? '' }
  const text = prompt ?? FAMILY_INSTRUCTION[type ?? 'Retrieval']
  return { query: text, document: text }
}
