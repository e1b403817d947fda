import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readQueryText } from './conversation.ts'
import { documentText } from './document-text.ts'
import { readIdentifiedRows } from './json-rows.ts'
import type { MistakeList } from './mistake-list.ts'
import { readQrels } from './qrels-file.ts'
import { joinRanked, type RankedData, type ReadQuery, type TaskDocument } from './ranked-data.ts'
import { readIdLists, readInstructions } from './ranked-tables.ts'
import { fileTable } from './table.ts'

/**
 * Reads a folder of a task that ranks documents (docs/tasks.md) whole or not at all. Empty texts, unjudged queries and
 * judgments that name unknown ids are kept or counted, not refused. Holds all texts in memory, once. Every mistake of
 * every file is added to `mistakes`, with file and line; what is returned is right only when there are none.
 */
export async function readRankedFolder(folder: string, split: string, mistakes: MistakeList): Promise<RankedData> {
  const files = {
    corpus: join(folder, 'corpus.jsonl'),
    queries: join(folder, 'queries.jsonl'),
    qrels: join(folder, 'qrels', `${split}.tsv`),
  }
  const documents = await readDocuments(files.corpus, mistakes)
  const qrels = await readQrels(files.qrels, mistakes)
  const queries = await readQueries(files.queries, mistakes)
  const optional = (...path: string[]) => {
    const file = join(folder, ...path)
    return existsSync(file) ? fileTable([file]) : null
  }
  const topRanked = optional('top_ranked', `${split}.jsonl`)
  const instructions = optional('instruction.jsonl')
  const changed = optional('qrel_diff.jsonl')
  return joinRanked(
    {
      documents,
      qrels,
      queries,
      topRanked: topRanked && (await readIdLists(topRanked, mistakes)),
      instructions: instructions && (await readInstructions(instructions, mistakes)),
      changed: changed && (await readIdLists(changed, mistakes)),
      names: files,
    },
    mistakes,
  )
}

async function readDocuments(file: string, mistakes: MistakeList): Promise<TaskDocument[]> {
  const documents: TaskDocument[] = []
  await readIdentifiedRows(file, mistakes, (id, cells) => {
    const text = cells.text('text')
    const title = cells.optionalText('title')
    if (cells.isRight) documents.push({ id, text: documentText(title, text) })
    return cells.isRight
  })
  return documents
}

async function readQueries(file: string, mistakes: MistakeList): Promise<ReadQuery[]> {
  const queries: ReadQuery[] = []
  await readIdentifiedRows(file, mistakes, (id, cells) => {
    const text = readQueryText(cells, 'text')
    const kind = cells.optionalText('kind') ?? null
    if (cells.isRight) queries.push({ id, text, kind })
    return cells.isRight
  })
  return queries
}
