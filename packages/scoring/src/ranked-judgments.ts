import { judgedType, TaskJudgments } from '@sweepboard/contracts'
import { misfit } from './config-failure.ts'

/** Judgments of a task whose result is a ranked list per query, with or without candidate lists. */
export type RankedJudgments = Extract<TaskJudgments, { readonly qrels: unknown }>

/** Throws `SB-SCORE-002` for malformed judgments, and for those of a task that ranks nothing. */
export function readRankedJudgments(bytes: Uint8Array): RankedJudgments {
  const read = TaskJudgments.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8')))
  if (!read.success) throw misfit(`the judgments are malformed: ${read.error.issues[0]?.message}`)
  if (!('qrels' in read.data)) throw misfit(`a ${judgedType(read.data)} task has no ranked lists`)
  const { queryIds, queryRows, documentIds, documentRows, qrels } = read.data
  if (queryRows.length !== queryIds.length || qrels.length !== queryIds.length || documentRows.length !== documentIds.length)
    throw misfit('ids, rows and grades of the judgments differ in number')
  return read.data
}

/** `[queries]` ids of the documents to rerank. Throws `SB-SCORE-002` where the task has no candidate lists. */
export function candidatesOf(judgments: RankedJudgments): string[][] {
  if (!('topRanked' in judgments)) throw misfit("the task has no candidate lists: rerank a model's run instead")
  return judgments.topRanked.map((places) => places.map((place) => judgments.documentIds[place] as string))
}
