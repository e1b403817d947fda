import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { TaskRef } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { memoryStore } from '../test/task-folder.ts'
import { prepareTask } from './prepare.ts'
import { resolveTask } from './resolve.ts'
import { readTaskData } from './task-data.ts'

const datasetsRoot = fileURLToPath(new URL('../../../../shared/datasets', import.meta.url))
const isAbsent = !existsSync(datasetsRoot)
const only = (refs: readonly TaskRef[]) => {
  expect(refs).toHaveLength(1)
  return refs[0] as TaskRef
}

describe.skipIf(isAbsent)('real datasets (skipped without ../shared/datasets beside the repository)', () => {
  // Character counts: mteb descriptive_stats, of title + " " + text, in code points (shared/datasets/*/SOURCE.md).
  it.each([
    {
      task: 'SciFact',
      queries: 300,
      documents: 5183,
      judgments: 339,
      unjudged: 809,
      documentCharacters: 7_771_451,
      queryCharacters: 27_104,
    },
    {
      task: 'AILAStatutes',
      queries: 50,
      documents: 82,
      judgments: 217,
      unjudged: 0,
      documentCharacters: 161_756,
      queryCharacters: 151_921,
    },
  ])('$task has the catalog’s counts, revision and characters', async (wanted) => {
    const ref = only(resolveTask(wanted.task, { datasetsRoot }).refs)
    const prepared = await prepareTask(ref, memoryStore().put)
    expect(prepared.datasetRevision).toBe(ref.catalog?.revision)
    expect(prepared.counts).toMatchObject({
      queryCount: wanted.queries,
      documentCount: wanted.documents,
      judgmentCount: wanted.judgments,
      unjudgedQueryCount: wanted.unjudged,
      unknownQueryCount: 0,
      unknownDocumentCount: 0,
      emptyTextCount: 0,
    })
    expect(prepared.documents.bounds.at(-1)?.[1]).toBe(prepared.documents.count)
    const { queries, documents } = await readTaskData(ref.task, `${datasetsRoot}/${ref.task}`, ref.split)
    const characters = (items: readonly { text: string }[]) => items.reduce((sum, { text }) => sum + [...text].length, 0)
    expect(characters(documents)).toBe(wanted.documentCharacters)
    expect(characters(queries)).toBe(wanted.queryCharacters)
  })

  it.each([
    ['en', 1185],
    ['de', 1181],
    ['zh', 1181],
  ])('XQuADRetrieval %s has %i queries, one relevant of 240 contexts each', async (subset, queryCount) => {
    const ref = only(resolveTask('XQuADRetrieval', { datasetsRoot, subsets: [subset] }).refs)
    const { counts, datasetRevision } = await prepareTask(ref, memoryStore().put)
    expect(counts).toMatchObject({
      queryCount,
      documentCount: 240,
      judgmentCount: queryCount,
      unknownDocumentCount: 0,
      unjudgedQueryCount: 0,
    })
    // The catalog's statistics are sums over all 12 subsets, so they cannot vouch for one.
    expect(datasetRevision).toMatch(/^local-/)
  })
})

describe('the shipped tasks', () => {
  it.each(['SemanticTrapsZh', 'SemanticTrapsEn'])('%s can be prepared, with kinds', async (name) => {
    const { put, stored } = memoryStore()
    const { counts, judgments } = await prepareTask(only(resolveTask(name).refs), put)
    expect(counts).toMatchObject({ unknownQueryCount: 0, unknownDocumentCount: 0, unjudgedQueryCount: 0, emptyTextCount: 0 })
    const { kinds, queryIds } = JSON.parse(Buffer.from(stored.get(judgments) ?? []).toString('utf8'))
    expect(kinds).toHaveLength(queryIds.length)
    expect(new Set(kinds).size).toBeGreaterThan(1)
  })
})
