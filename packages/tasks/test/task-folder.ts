import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Digest, sha256, type TaskRef } from '@sweepboard/contracts'
import { onTestFinished } from 'vitest'

/** A folder of its own for one test, removed when it ends. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sweepboard-tasks-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Writes files below a folder, by relative path. */
export function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  return folder
}

export const jsonLines = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

/** A small right task: 3 documents, 2 judged queries, 1 unjudged; `files` replace or add. */
export function taskFolder(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  return writeFiles(tempFolder(), {
    'corpus.jsonl': jsonLines([
      { _id: 'd1', title: 'Salt', text: 'dissolves in water' },
      { _id: 'd2', title: '', text: ' oil floats ' },
      { _id: 'd3', text: 'sand sinks' },
    ]),
    'queries.jsonl': jsonLines([
      { _id: 'q1', text: 'what dissolves' },
      { _id: 'q2', text: 'what floats ' },
      { _id: 'q3', text: 'nobody judged this' },
    ]),
    'qrels/test.tsv': 'query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t2\n',
    ...files,
  })
}

export function refOf(folder: string, changes: Partial<TaskRef> = {}): TaskRef {
  return {
    task: 'mine',
    subset: 'default',
    split: 'test',
    source: { kind: 'folder', path: folder },
    mainScore: 'ndcg_at_10',
    languages: ['eng-Latn'],
    ignoreIdenticalIds: false,
    limit: null,
    catalog: null,
    ...changes,
  }
}

/** An artifact store in memory, real digests. */
export function memoryStore() {
  const stored = new Map<Digest, Uint8Array>()
  const put = async (bytes: Uint8Array) => {
    const digest = sha256(bytes)
    stored.set(digest, bytes)
    return digest
  }
  return { stored, put }
}
