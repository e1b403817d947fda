import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TaskType } from '@sweepboard/contracts'
import { isPathPart } from './path-part.ts'
import { findRelease } from './release-layout.ts'
import { fileTable, type Table, tableFormat, tableStem } from './table.ts'

/** Whether a folder holds corpus, queries and judgments, rather than one table per split. */
export function isRankedFolder(folder: string): boolean {
  return existsSync(join(folder, 'corpus.jsonl'))
}

const RANKED_ONLY: readonly TaskType[] = ['Retrieval', 'InstructionReranking']

/** The file a task of this type is looked for by, for the words of a refusal. */
export function expectedFile(type: TaskType, split: string): string {
  return RANKED_ONLY.includes(type) ? 'corpus.jsonl' : `${split}.jsonl`
}

/**
 * Names of the splits a task folder has data for, sorted: the files of `qrels/` beside a corpus, the releases read as they
 * are, or the table files `<split>.jsonl`, `.json`, `.csv`, `.tsv`, `.parquet`, also packed with `.gz` or `.zst`.
 */
export function listSplits(folder: string, type: TaskType, subset: string): string[] {
  if (isRankedFolder(folder)) return listQrels(folder)
  if (RANKED_ONLY.includes(type) || !existsSync(folder)) return []
  const release = findRelease(folder, subset)
  if (release) return release.splits
  return [...new Set(tableFiles(folder).map(tableStem))].sort()
}

function listQrels(folder: string): string[] {
  const qrels = join(folder, 'qrels')
  if (!existsSync(qrels)) return []
  return readdirSync(qrels)
    .filter((file) => file.endsWith('.tsv'))
    .map((file) => file.slice(0, -'.tsv'.length))
    .filter(isPathPart)
    .sort()
}

const tableFiles = (folder: string) =>
  readdirSync(folder).filter((file) => file !== 'task.json' && tableFormat(file) !== null && isPathPart(tableStem(file)))

/** The table of one split; a split in two formats is read from the first by name. */
export function splitTable(folder: string, subset: string, split: string): Table {
  const release = findRelease(folder, subset)
  if (release) return release.table(split)
  const file = tableFiles(folder)
    .sort()
    .find((name) => tableStem(name) === split)
  return fileTable([join(folder, file ?? `${split}.jsonl`)])
}
