import { SweepError, type TaskRef } from '@sweepboard/contracts'
import { isRankedFolder, splitTable } from './folder-layout.ts'
import { limitTask } from './limit.ts'
import { MistakeList } from './mistake-list.ts'
import { isPathPart } from './path-part.ts'
import { readRankedFolder } from './ranked-folder.ts'
import { readTable } from './read-tables.ts'
import { shippedFolder } from './shipped.ts'
import type { TypedData } from './task-data.ts'
import { taskSettings } from './task-settings.ts'

/**
 * Reads one task subset and split whole, by its type, and applies the limit.
 * @throws SweepError `SB-TASK-001` with every mistake of all files, each with file and line (the first 50 of them);
 *   `SB-TASK-008` for an unknown shipped task, `SB-TASK-010` for a split that is no name
 */
export async function readTask(ref: TaskRef): Promise<TypedData> {
  const mistakes = new MistakeList(ref.task)
  const data = await readWhole(ref, mistakes)
  mistakes.refuse()
  return ref.limit === null ? data : limitTask(data, ref.limit)
}

async function readWhole(ref: TaskRef, mistakes: MistakeList): Promise<TypedData> {
  const folder = folderOf(ref)
  const settings = taskSettings(ref)
  const { type } = settings
  if (type === 'Retrieval' || type === 'InstructionReranking' || (type === 'Reranking' && isRankedFolder(folder)))
    return { type, ranked: await readRankedFolder(folder, ref.split, mistakes) }
  return readTable(ref, settings, splitTable(folder, ref.subset, ref.split), mistakes)
}

function folderOf({ task, source, split }: TaskRef): string {
  if (!isPathPart(split)) throw new SweepError('SB-TASK-010', { task, what: 'split', name: split })
  if (source.kind === 'folder') return source.path
  const name = source.kind === 'shipped' ? source.name : source.repo
  const folder = shippedFolder(name)
  if (folder === null) throw new SweepError('SB-TASK-008', { task, path: name })
  return folder
}
