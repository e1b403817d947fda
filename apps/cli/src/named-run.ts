import { existsSync } from 'node:fs'
import { SweepError } from '@sweepboard/contracts'
import { compareIds, rankDocuments, type TrecQrels, type TrecRun } from '@sweepboard/metrics'
import { readRankedJudgments, readRun } from '@sweepboard/scoring'
import type { CommonOptions } from './context.ts'
import { openSource, type Source } from './source.ts'
import { chooseRuns } from './stored-runs.ts'
import { readTrecRun } from './trec-file.ts'

/** A run by the word a user gave it. */
export interface NamedRun {
  readonly name: string
  readonly run: TrecRun
  /** Judgments of a stored run's task; null for a file. */
  readonly qrels: TrecQrels | null
}

export interface RunPlace extends CommonOptions {
  readonly subset?: string
  readonly split?: string
}

/** For `--help`: what a run may be called. */
export const RUN_WORDS = `A run is a TREC file (qid Q0 docid rank score tag), or TASK:MODEL, the ranked
run of a scored cell; TASK:MODEL#VARIANT where the board says something beside
the model.`

/**
 * Reads runs: TREC files, and stored runs of a data folder or a service.
 *
 * @throws SweepError `SB-FILE-001` and `SB-SCORE-003` for a file, `SB-FILE-006` for a stored run, and what `openSource` throws
 */
export async function readRuns(words: readonly string[], place: RunPlace): Promise<NamedRun[]> {
  let source: Source | null = null
  try {
    const runs: NamedRun[] = []
    for (const name of words) {
      const stored = existsSync(name) ? null : parseStored(name)
      if (stored === null) {
        runs.push({ name, run: readTrecRun(name), qrels: null })
        continue
      }
      source ??= openSource(place)
      runs.push({ name, ...(await readStored(source, stored, place)) })
    }
    return runs
  } finally {
    source?.close()
  }
}

interface StoredName {
  readonly task: string
  readonly model: string
  readonly variant: string | undefined
}

/** `SciFact:BAAI/bge-m3#top 100 by x`; null for a word that can only be a file. */
function parseStored(word: string): StoredName | null {
  const found = /^([^:/\\]+):([^#]+)(?:#(.+))?$/.exec(word)
  if (found === null) return null
  const [, task = '', model = '', variant] = found
  return { task, model, variant }
}

async function readStored(source: Source, stored: StoredName, { subset, split }: RunPlace): Promise<Omit<NamedRun, 'name'>> {
  const { task, model, variant } = stored
  const cells = chooseRuns(await source.scoredCells(), { task, model, variant, subset, split })
  const [cell, ...more] = cells
  if (cell === undefined || more.length > 0) {
    const names = cells.map((one) => `${one.subset}/${one.split}`).join(', ')
    throw new SweepError('SB-FILE-006', { model, task, message: `${cells.length} runs fit: ${names}; name --subset and --split` })
  }
  const { queryIds, lists } = readRun(await source.artifact(cell.run))
  const judgments = readRankedJudgments(await source.artifact(cell.judgments))
  const queries = queryIds.map((query, i) => {
    const { documentIds = [], scores = [] } = lists[i] ?? {}
    return [query, { documentIds, scores: Float64Array.from(scores) }] as const
  })
  return {
    run: { runId: `${task}:${model}`, queries: new Map(queries) },
    qrels: new Map(judgments.queryIds.map((query, i) => [query, new Map(judgments.qrels[i])])),
  }
}

/**
 * The text of a TREC run: queries by id, documents as trec_eval ranks them, at most `depth` of them. Throws `SB-FILE-010` where
 * an id would not be read back as it is: the format has no quotes.
 */
export function formatTrecRun(run: TrecRun, { tag, depth }: { readonly tag: string; readonly depth: number }): string {
  refuseUnwritable(run)
  const lines: string[] = []
  for (const query of [...run.queries.keys()].sort(compareIds)) {
    const list = run.queries.get(query) as { documentIds: readonly string[]; scores: Float64Array }
    const best = rankDocuments(list, 'float32').subarray(0, depth)
    for (const [place, index] of best.entries())
      lines.push(`${query} Q0 ${list.documentIds[index]} ${place + 1} ${list.scores[index]} ${tag}\n`)
  }
  return lines.join('')
}

function refuseUnwritable(run: TrecRun): void {
  const ids = new Set<string>()
  for (const [query, { documentIds }] of run.queries)
    for (const id of [query, ...documentIds]) if (!/^[^ \t\n\v\f\r]+$/.test(id)) ids.add(id)
  const [id] = ids
  if (id !== undefined) throw new SweepError('SB-FILE-010', { id, count: ids.size })
}
