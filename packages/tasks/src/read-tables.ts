import type { TaskRef } from '@sweepboard/contracts'
import { readBitext } from './bitext-rows.ts'
import type { MistakeList } from './mistake-list.ts'
import { readLabelledPairs, readScoredPairs } from './pair-rows.ts'
import { asRanked, readRerankingRows } from './reranking-rows.ts'
import type { Table } from './table.ts'
import type { TypedData } from './task-data.ts'
import type { TaskSettings } from './task-settings.ts'

/** Main scores of MTEB 1's reranking protocol; any other is scored as MTEB 2 does. */
const LEGACY_RERANKING = ['map', 'mrr']

/** Reads the one table of a task that is not given as corpus, queries and judgments. */
export async function readTable(ref: TaskRef, settings: TaskSettings, table: Table, mistakes: MistakeList): Promise<TypedData> {
  const { type } = settings
  if (type === 'STS') {
    const { minScore, maxScore } = settings
    return { type, pairs: await readScoredPairs(table, mistakes), minScore, maxScore }
  }
  if (type === 'PairClassification') return { type, pairs: await readLabelledPairs(table, mistakes) }
  if (type === 'BitextMining') {
    const [first, second] = settings.isParallel ? ref.subset.split('-') : ['sentence1', 'sentence2']
    return { type, bitext: await readBitext(table, [first as string, second as string], mistakes) }
  }
  const samples = await readRerankingRows(table, mistakes)
  if (LEGACY_RERANKING.includes(ref.mainScore)) return { type: 'Reranking', samples }
  return { type: 'Reranking', ranked: asRanked(samples, ref.split, table, mistakes) }
}
