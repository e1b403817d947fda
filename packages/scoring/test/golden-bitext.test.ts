import type { Similarity } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import type { Matrix } from '../src/index.ts'
import { type Binary, type Entry, expectSameEntry, goldenIsThere, matrixIn, readGolden, scoreStored } from './golden-files.ts'
import { MemoryStore } from './memory-store.ts'

interface BitextCase {
  readonly sentence1: Binary
  readonly sentence2: Binary
  readonly expected: Partial<Record<Similarity, { entry: Entry }>>
}

async function score(first: Matrix, second: Matrix, similarities: readonly Similarity[]) {
  const places = [...Array(first.rowCount).keys()]
  const { results, failures } = await scoreStored(new MemoryStore(), {
    queries: first,
    documents: second,
    judgments: { version: 1, type: 'bitext', firstRows: places, secondRows: [...Array(second.rowCount).keys()], gold: places },
    mainScore: 'f1',
    configs: similarities.map((similarity) => ({ dimensions: null, precision: 'float32', similarity })),
  })
  expect(failures).toEqual([])
  return results
}

describe.skipIf(!goldenIsThere)('golden/evaluators/bitext, from the vectors (skipped without ../shared)', () => {
  it.each(['hand', 'realistic', 'nothing-found'])('%s: every key of the entry', async (name) => {
    const folder = `bitext/${name}`
    const golden = readGolden<BitextCase>(`${folder}/case.json`)
    const similarities = Object.keys(golden.expected) as Similarity[]
    const results = await score(matrixIn(folder, golden.sentence1), matrixIn(folder, golden.sentence2), similarities)
    for (const [i, similarity] of similarities.entries()) {
      expectSameEntry(results[i], golden.expected[similarity]?.entry ?? {})
    }
  })

  it('parallel: a column per language, every ordered pair a subset', async () => {
    const golden = readGolden<{
      columns: Record<string, Binary>
      expected: { entries: (Entry & { hf_subset: string; languages: string[] })[] }
    }>('bitext/parallel/case.json')
    const column = (name: string) => matrixIn('bitext/parallel', golden.columns[name] as Binary)
    expect(golden.expected.entries).toHaveLength(6)
    for (const { hf_subset, languages, ...entry } of golden.expected.entries) {
      expect(languages).toHaveLength(2)
      const [first, second] = hf_subset.split('-') as [string, string]
      expectSameEntry((await score(column(first), column(second), ['cosine']))[0], entry as Entry)
    }
  })
})
