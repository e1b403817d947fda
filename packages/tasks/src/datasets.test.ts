import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { TaskRef } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { memoryStore } from '../test/task-folder.ts'
import { prepareTask } from './prepare.ts'
import { readTask } from './read-task.ts'
import { resolveTask } from './resolve.ts'

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
    const data = await readTask(ref)
    const ranked = 'ranked' in data ? data.ranked : null
    const characters = (items: readonly { text: string }[] = []) => items.reduce((sum, { text }) => sum + [...text].length, 0)
    expect(characters(ranked?.documents)).toBe(wanted.documentCharacters)
    expect(characters(ranked?.queries)).toBe(wanted.queryCharacters)
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

describe.skipIf(isAbsent)('releases read as they are (skipped without ../shared/datasets beside the repository)', () => {
  const characters = (texts: readonly string[]) => texts.reduce((sum, text) => sum + [...text].length, 0)
  // Pairs and, where SOURCE.md gives them, characters: mteb descriptive_stats.
  it.each([
    { task: 'STS12', split: 'test', pairs: 3108, range: [0, 5] },
    { task: 'STS15', split: 'test', pairs: 3000, range: [0, 5] },
    { task: 'STSBenchmark', split: 'test', pairs: 1379, range: [0, 5], characters: [74_107, 73_779] },
    { task: 'STSB', split: 'test', pairs: 1361, range: [0, 5] },
    { task: 'STSB', split: 'validation', pairs: 1458, range: [0, 5] },
  ])('$task $split has $pairs pairs', async (wanted) => {
    const ref = only(resolveTask(wanted.task, { datasetsRoot, splits: [wanted.split] }).refs)
    expect(ref).toMatchObject({ type: 'STS', mainScore: 'cosine_spearman' })
    const data = await readTask(ref)
    if (data.type !== 'STS') throw new Error(data.type)
    expect(data.pairs).toHaveLength(wanted.pairs)
    expect([data.minScore, data.maxScore]).toEqual(wanted.range)
    expect(data.pairs.every(({ value }) => value >= 0 && value <= 5)).toBe(true)
    if (wanted.characters)
      expect([characters(data.pairs.map(({ first }) => first)), characters(data.pairs.map(({ second }) => second))]).toEqual(
        wanted.characters,
      )
    const { counts, datasetRevision } = await prepareTask(ref, memoryStore().put)
    expect(counts).toMatchObject({ queryCount: wanted.pairs, documentCount: wanted.pairs, unjudgedQueryCount: 0 })
    expect(datasetRevision).toBe(ref.catalog?.revision)
  })

  it('Tatoeba: ten of 112 pairs, every sentence with its final newline', async () => {
    const { refs, warnings } = resolveTask('Tatoeba', { datasetsRoot })
    expect(refs.map(({ subset }) => subset).sort()).toEqual(
      ['ara', 'cmn', 'deu', 'fra', 'hin', 'jpn', 'rus', 'swh', 'tel', 'tha'].map((language) => `${language}-eng`),
    )
    expect(warnings[0]).toContain('102 of 112 subsets')
    const german = refs.find(({ subset }) => subset === 'deu-eng') as TaskRef
    const data = await readTask(german)
    if (data.type !== 'BitextMining') throw new Error(data.type)
    const { first, second, gold } = data.bitext
    expect([first.length, second.length]).toEqual([1000, 1000])
    expect(gold).toEqual(first.map((_, i) => i))
    expect([...first, ...second].filter((text) => !text.endsWith('\n'))).toEqual([])
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
