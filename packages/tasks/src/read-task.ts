import { join } from 'node:path'
import { SweepError, type TaskRef, type TaskType } from '@sweepboard/contracts'
import { findTask } from './catalog.ts'
import { isRankedFolder, splitTable } from './folder-layout.ts'
import type { HubSettings } from './hub-settings.ts'
import { limitTask } from './limit.ts'
import { MistakeList } from './mistake-list.ts'
import { isPathPart } from './path-part.ts'
import type { RankedData } from './ranked-data.ts'
import { readRankedFolder } from './ranked-folder.ts'
import { readHubTask } from './read-hub.ts'
import { readTable } from './read-tables.ts'
import { shippedFolder } from './shipped.ts'
import type { TypedData } from './task-data.ts'
import { defaultMainScore, readTaskFile } from './task-file.ts'
import { taskSettings } from './task-settings.ts'

/** Where data that is not local comes from; without `hub`, hub sources are refused. */
export interface ReadOptions {
  readonly hub?: HubSettings | undefined
  /** Told what is no mistake and yet to be known: that the cache was read because the hub could not be reached. */
  readonly onNote?: ((note: string) => void) | undefined
}

/**
 * Reads one task subset and split whole, by its type, and applies the limit.
 * @throws SweepError `SB-TASK-001` with every mistake of all files, each with file and line (the first 50 of them);
 *   `SB-TASK-008` for an unknown shipped task, `SB-TASK-010` for a split that is no name; of a hub source what
 *   `readHubTask` throws
 */
export async function readTask(ref: TaskRef, options: ReadOptions = {}): Promise<TypedData> {
  const mistakes = new MistakeList(ref.task)
  const data = await readWhole(ref, options, mistakes)
  mistakes.refuse()
  return ref.limit === null ? data : limitTask(data, ref.limit)
}

async function readWhole(ref: TaskRef, { hub, onNote }: ReadOptions, mistakes: MistakeList): Promise<TypedData> {
  const { source } = ref
  if (source.kind === 'hub') {
    if (hub === undefined) throw new SweepError('SB-TASK-008', { task: ref.task, path: `ROOT/${ref.task}` })
    return readHubTask({ ...ref, source }, { hub, onNote }, mistakes)
  }
  const folder = folderOf({ ...ref, source })
  const settings = taskSettings(ref)
  const { type } = settings
  if (type === 'Retrieval' || type === 'InstructionReranking' || (type === 'Reranking' && isRankedFolder(folder)))
    return { type, ranked: await readRanked({ ...ref, source }, folder, type, mistakes) }
  return readTable(ref, settings, splitTable(folder, ref.subset, ref.split), mistakes)
}

/** p-MRR compares each query with its changed half: without a list of changed documents it has no value, so nothing is encoded for it. */
async function readRanked(ref: LocalRef, folder: string, type: TaskType, mistakes: MistakeList): Promise<RankedData> {
  const ranked = await readRankedFolder(folder, ref.split, mistakes)
  if (type !== 'InstructionReranking' || ranked.changed !== null) return ranked
  const main = ref.catalog === null ? readTaskFile(ref.task, folder).mainScore : findTask(ref.task)?.mainScore
  if ((main ?? defaultMainScore(type)) === 'p-MRR')
    mistakes.add(
      'SB-TASK-007',
      { field: 'qrel_diff.jsonl', wanted: 'there for the main score p-MRR; or name another "mainScore" in task.json' },
      { file: join(folder, 'qrel_diff.jsonl') },
    )
  return ranked
}

type LocalRef = TaskRef & { readonly source: Exclude<TaskRef['source'], { kind: 'hub' }> }

function folderOf({ task, source, split }: LocalRef): string {
  if (!isPathPart(split)) throw new SweepError('SB-TASK-010', { task, what: 'split', name: split })
  if (source.kind === 'folder') return source.path
  const folder = shippedFolder(source.name)
  if (folder === null) throw new SweepError('SB-TASK-008', { task, path: source.name })
  return folder
}
