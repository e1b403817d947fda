import { createHash } from 'node:crypto'
import type { TaskRef } from '@sweepboard/contracts'
import { Cells } from './cell.ts'
import { documentText } from './document-text.ts'
import type { HubRepo } from './hub-repo.ts'
import type { MistakeList } from './mistake-list.ts'
import { joinRanked, type RankedData } from './ranked-data.ts'
import { readRankedTables } from './ranked-tables.ts'
import { filtered, firstRows, type Table } from './table.ts'

type RetrievalHook = (repo: HubRepo, ref: TaskRef, mistakes: MistakeList) => Promise<RankedData>

/** Documents, queries and grades as a loader fills them; an id set again keeps its place and takes the new value. */
class Gathered {
  readonly documents = new Map<string, string>()
  readonly queries = new Map<string, string>()
  readonly qrels = new Map<string, Map<string, number>>()

  judge(query: string, document: string): void {
    const grades = this.qrels.get(query) ?? new Map<string, number>()
    grades.set(document, 1)
    this.qrels.set(query, grades)
  }

  ranked(table: Table, mistakes: MistakeList): RankedData {
    const { name } = table
    return joinRanked(
      {
        documents: [...this.documents].map(([id, text]) => ({ id, text: documentText(undefined, text) })),
        queries: [...this.queries].map(([id, text]) => ({ id, text: { text, isConversation: false }, kind: null })),
        qrels: this.qrels,
        names: { corpus: name, queries: name, qrels: name },
      },
      mistakes,
    )
  }
}

async function eachRow(table: Table, mistakes: MistakeList, visit: (cells: Cells) => void): Promise<void> {
  await table.read(mistakes, (row, place) => visit(new Cells(row, place, mistakes)))
}

/**
 * XQuAD: config `xquad.<language>`; questions with an empty answer dropped; of equal questions the last id names the query;
 * a context's id is the SHA-256 of its text.
 */
const xquad: RetrievalHook = async (repo, { subset, split }, mistakes) => {
  const table = repo.table(`xquad.${subset}`, split)
  const gathered = new Gathered()
  const idOf = new Map<string, string>()
  const contexts = new Map<string, Set<string>>()
  await eachRow(table, mistakes, (cells) => {
    const [id, question, context] = [cells.castId('id'), cells.text('question'), cells.text('context')]
    const answers = cells.raw('answers') as { text?: unknown } | undefined
    const answer = Array.isArray(answers?.text) ? answers.text[0] : undefined
    if (!cells.isRight || typeof answer !== 'string' || answer === '') return
    const document = createHash('sha256').update(context, 'utf8').digest('hex')
    gathered.documents.set(document, context)
    idOf.set(question, id)
    contexts.set(question, (contexts.get(question) ?? new Set()).add(document))
  })
  for (const [question, id] of idOf) {
    gathered.queries.set(id, question)
    for (const document of contexts.get(question) ?? []) gathered.judge(id, document)
  }
  return gathered.ranked(table, mistakes)
}

/**
 * Belebele: one config per language; subset `X-Y` searches the passages of X (the first of each link) with the questions
 * of Y, relevant when the links are equal. Query ids count first occurrences of a question.
 */
const belebele: RetrievalHook = async (repo, { subset, split }, mistakes) => {
  const [corpusLanguage = '', queryLanguage = ''] = subset.split('-')
  const gathered = new Gathered()
  const passageOf = new Map<string, string>()
  const passages = repo.table(corpusLanguage, split)
  await eachRow(passages, mistakes, (cells) => {
    const [link, passage] = [cells.text('link'), cells.text('flores_passage')]
    if (!cells.isRight || passageOf.has(link)) return
    const id = `C${passageOf.size}`
    passageOf.set(link, id)
    gathered.documents.set(id, passage)
  })
  const idOf = new Map<string, string>()
  await eachRow(repo.table(queryLanguage, split), mistakes, (cells) => {
    const [link, question] = [cells.text('link'), cells.text('question')]
    const document = passageOf.get(link)
    if (document === undefined && cells.isRight) cells.wrong('link', `the link of a passage of ${corpusLanguage}`)
    if (!cells.isRight) return
    const id = idOf.get(question) ?? `Q${idOf.size}`
    idOf.set(question, id)
    gathered.queries.set(id, question)
    gathered.judge(id, document as string)
  })
  return gathered.ranked(passages, mistakes)
}

/** CodeEditSearch: a folder per language, first 1,000 rows; row number -> instruction; commit -> diff. */
const codeEditSearch: RetrievalHook = async (repo, { subset, split }, mistakes) => {
  const table = firstRows(repo.folderTable(subset, split), 1000)
  const gathered = new Gathered()
  let number = 0
  await eachRow(table, mistakes, (cells) => {
    const id = String(number)
    number += 1
    const commit = cells.castId('commit')
    gathered.queries.set(id, cells.text('instruction'))
    gathered.documents.set(commit, cells.text('diff'))
    gathered.judge(id, commit)
  })
  return gathered.ranked(table, mistakes)
}

/** CoIR's CodeSearchNet: configs by language; only queries whose partition is the test set. */
const codeSearchNet: RetrievalHook = (repo, { subset }, mistakes) =>
  readRankedTables(
    {
      corpus: repo.table(`${subset}-corpus`, 'corpus'),
      queries: filtered(repo.table(`${subset}-queries`, 'queries'), (row) => row.partition === 'test'),
      qrels: repo.table(`${subset}-qrels`, 'test'),
      topRanked: null,
      instruction: null,
      qrelDiff: null,
    },
    mistakes,
  )

/** Retrieval tasks with a loader of their own (protocol 5.3; mteb/tasks/retrieval). */
export const RETRIEVAL_HOOKS: Readonly<Record<string, RetrievalHook>> = {
  XQuADRetrieval: xquad,
  BelebeleRetrieval: belebele,
  CodeEditSearchRetrieval: codeEditSearch,
  COIRCodeSearchNetRetrieval: codeSearchNet,
  CodeSearchNetCCRetrieval: codeSearchNet,
}
