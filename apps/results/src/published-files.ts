import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { SweepError } from '@sweepboard/contracts'
import type { PublishedFile } from '@sweepboard/ledger'
import { formatMtebJson, parseMtebJson } from '@sweepboard/metrics'
import { resultFolder, resultName } from './mteb-export.ts'

/** No public result file is a tenth of this. */
const MAX_BYTES = 256 * 2 ** 20

export interface PublishedExport {
  readonly fileCount: number
  /** Files left out because another dataset revision of the same model, revision and task has their name; the last import is kept. */
  readonly hiddenCount: number
}

/**
 * Writes imported result files again as `DIR/<org>__<model>/<revision>/<Task>.json`, laid out as MTEB writes them: white space
 * aside a modern file comes out as it went in, a legacy one in the modern layout. Each folder gets a `model_meta.json` with
 * name and revision. Throws `SB-FILE-002` where a stored text is damaged.
 */
export async function exportPublished(
  files: Iterable<PublishedFile> | AsyncIterable<PublishedFile>,
  folder: string,
): Promise<PublishedExport> {
  const written = new Set<string>()
  let count = 0
  for await (const file of files) {
    const at = join(folder, resultFolder(file.model, file.revision))
    const path = join(at, `${resultName(file.task)}.json`)
    write(path, formatMtebJson(parseMtebJson(inflate(file), { integers: 'bigint' })))
    write(join(at, 'model_meta.json'), formatMtebJson({ name: file.model, revision: file.revision }))
    written.add(path)
    count += 1
  }
  return { fileCount: written.size, hiddenCount: count - written.size }
}

function inflate(file: PublishedFile): string {
  try {
    return inflateRawSync(file.source, { maxOutputLength: MAX_BYTES }).toString('utf8')
  } catch (cause) {
    const name = `${file.model} ${file.revision} ${file.task}`
    throw new SweepError('SB-FILE-002', { file: name, message: (cause as Error).message }, { cause })
  }
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  const aside = `${path}.${process.pid}.tmp`
  writeFileSync(aside, text)
  renameSync(aside, path)
}
