import { describe, expect, it } from 'vitest'
import { findBenchmark, findTask, listBenchmarks, listTasks, similarTaskComponents, suggestTask } from './catalog.ts'
import { expandTaskPattern } from './catalog-pattern.ts'
import { splitStatistics, subsetLanguages } from './catalog-subset.ts'

const task = (name: string) => {
  const found = findTask(name)
  if (!found) throw new Error(`${name} is not in the catalog`)
  return found
}

describe('the catalog', () => {
  it('holds MTEB 2.20.0 as data', () => {
    expect(listTasks()).toHaveLength(234)
    expect(task('SciFact')).toMatchObject({
      type: 'Retrieval',
      mainScore: 'ndcg_at_10',
      evalSplits: ['test'],
      dataset: { path: 'mteb/scifact', revision: 'd56462d0e63a25450459c4f213e49ffdb866f7f9' },
      instruction: { query: 'Given a scientific claim, retrieve documents that support or refute the claim', document: '' },
    })
    expect(splitStatistics(task('SciFact'), 'test')).toEqual({ queryCount: 300, documentCount: 5183 })
    expect(similarTaskComponents().find((component) => component.includes('SciFact'))?.length).toBeGreaterThan(1)
  })

  it('names every task of every benchmark, with the benchmark’s own splits', () => {
    const sizes = Object.entries(listBenchmarks()).map(([name, { tasks }]) => [name, tasks.length])
    expect(Object.fromEntries(sizes)).toEqual({
      'MTEB(eng, v2)': 41,
      'MTEB(eng, v1)': 56,
      'MTEB(Multilingual, v2)': 131,
      'MTEB(cmn, v1)': 31,
      'MTEB(Code, v1)': 12,
    })
    for (const [name, benchmark] of Object.entries(listBenchmarks()))
      for (const member of benchmark.tasks) expect(task(member).benchmarks[name]?.evalSplits.length).toBeGreaterThan(0)
    expect(findBenchmark('MMTEB')?.name).toBe('MTEB(Multilingual, v2)')
    expect(findBenchmark('MTEB(xyz)')).toBeUndefined()
  })

  it('spells out subsets in all three encodings', () => {
    expect(subsetLanguages(task('XQuADRetrieval')).get('zh')).toEqual(['zho-Hans'])
    expect(subsetLanguages(task('BelebeleRetrieval')).get('acm_Arab-eng_Latn')).toEqual(['acm-Arab', 'eng-Latn'])
    const flores = subsetLanguages(task('FloresBitextMining'))
    expect(flores.size).toBe(41412)
    expect(flores.get('deu_Latn-zho_Hans')).toEqual(['deu-Latn', 'zho-Hans'])
    expect(flores.has('deu_Latn-deu_Latn')).toBe(false)
  })

  it('knows no statistics of single subsets', () => {
    expect(splitStatistics(task('XQuADRetrieval'), 'validation')).toEqual({ queryCount: null, documentCount: null })
    expect(splitStatistics(task('SciFact'), 'train')).toEqual({ queryCount: null, documentCount: null })
  })

  it('suggests catalog and shipped names', () => {
    expect(suggestTask('AILAStatute')).toBe('AILAStatutes')
    expect(suggestTask('SemanticTrapZh')).toBe('SemanticTrapsZh')
    expect(suggestTask('something else entirely')).toBeNull()
  })
})

describe('expandTaskPattern', () => {
  const names = (pattern: string) => expandTaskPattern(pattern).map((one) => one.name)

  it('narrows a benchmark to a type, by name or alias', () => {
    const retrieval = names('MTEB(cmn, v1):Retrieval')
    expect(retrieval).toHaveLength(8)
    expect(retrieval).toContain('T2Retrieval')
    expect(names('CMTEB:Retrieval')).toEqual(retrieval)
    expect(names('MTEB(cmn, v1)')).toHaveLength(31)
    expect(names('MTEB(cmn, v1):Nothing')).toEqual([])
  })

  it('carries the splits and subsets of the benchmark', () => {
    expect(expandTaskPattern('MTEB(cmn, v1):Retrieval')[0]).toEqual({ name: 'T2Retrieval', splits: ['dev'], subsets: null })
    const english = expandTaskPattern('MTEB(eng, v2)').find((one) => one.name === 'STS17')
    expect(english).toEqual({ name: 'STS17', splits: ['test'], subsets: ['en-en'] })
  })

  it('globs over names, dots and brackets taken literally', () => {
    expect(names('AILA*').sort()).toEqual(['AILACasedocs', 'AILAStatutes'])
    expect(names('SemanticTraps*')).toEqual(['SemanticTrapsEn', 'SemanticTrapsZh'])
    expect(names('*.v2').every((name) => name.endsWith('.v2'))).toBe(true)
    expect(names('NoSuch*')).toEqual([])
  })

  it('leaves any other name as it is', () => {
    expect(expandTaskPattern('SciFact')).toEqual([{ name: 'SciFact', splits: null, subsets: null }])
    expect(names('./my/tasks')).toEqual(['./my/tasks'])
    expect(names('Unknown:Retrieval')).toEqual(['Unknown:Retrieval'])
  })
})
