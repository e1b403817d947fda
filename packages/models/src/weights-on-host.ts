import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Load, SweepError } from '@sweepboard/contracts'
import { SHIPPED_MODELS } from './built-in-models.ts'
import { isModelFile, modelFolders, readModelWeights } from './model-weights.ts'

/**
 * The folder on this host whose files have the load's digest: where the plan saw it, among the shipped models, or below
 * `modelsRoot`.
 * @throws SweepError `SB-MODEL-001` when no folder has the file, or it is none of a model, `SB-MODEL-009` when one has it with other bytes
 */
export async function findModelFolder(input: { load: Load; file: string; modelsRoot: string | undefined }): Promise<string> {
  const { load, file } = input
  const planned = load.open.folder
  if (!isModelFile(file)) throw new SweepError('SB-MODEL-001', { path: file })
  const below = input.modelsRoot === undefined ? [] : await modelFolders(input.modelsRoot)
  const candidates = [
    ...new Set([...(planned === null ? [] : [planned]), ...SHIPPED_MODELS.map((model) => model.folder), ...below]),
  ]
  let plannedDigest: string | null = null
  for (const folder of candidates) {
    if (!(await isFile(join(folder, file)))) continue
    const { digest } = await readModelWeights(folder, file)
    if (digest === load.identity.weights) return folder
    if (folder === planned) plannedDigest = digest
  }
  if (planned !== null && plannedDigest !== null) {
    throw new SweepError('SB-MODEL-009', {
      path: planned,
      found: plannedDigest.slice(0, 12),
      wanted: load.identity.weights?.slice(0, 12),
    })
  }
  throw new SweepError('SB-MODEL-001', { path: join(planned ?? input.modelsRoot ?? load.model, file) })
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  )
}
