import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { SweepError } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { taskFolder, tempFolder, writeFiles } from '../test/task-folder.ts'
import { type ResolveOptions, resolveTask } from './resolve.ts'

const DATA = { 'corpus.jsonl': '{}', 'queries.jsonl': '{}' }
const under = (place: string, splits: readonly string[]) =>
  Object.fromEntries([
    ...Object.entries(DATA).map(([file, text]) => [`${place}/${file}`, text]),
    ...splits.map((split) => [`${place}/qrels/${split}.tsv`, '']),
  ])

function refusal(name: string, options: ResolveOptions = {}): SweepError {
  try {
    resolveTask(name, options)
  } catch (thrown) {
    if (thrown instanceof SweepError) return thrown
    throw thrown
  }
  throw new Error(`${name} was not refused`)
}

describe('resolveTask of the catalog', () => {
  it('finds a task of one subset', () => {
    const datasetsRoot = writeFiles(tempFolder(), under('SciFact', ['test', 'train']))
    const found = resolveTask('SciFact', { datasetsRoot, limit: 5 })
    expect(found.warnings).toEqual([])
    expect(found.instruction.query).toMatch(/^Given a scientific claim/)
    expect(found.refs).toEqual([
      {
        task: 'SciFact',
        subset: 'default',
        split: 'test',
        source: { kind: 'folder', path: join(datasetsRoot, 'SciFact') },
        mainScore: 'ndcg_at_10',
        languages: ['eng-Latn'],
        ignoreIdenticalIds: false,
        limit: 5,
        catalog: { revision: 'd56462d0e63a25450459c4f213e49ffdb866f7f9', queryCount: 300, documentCount: 5183 },
      },
    ])
    expect(resolveTask('SciFact', { datasetsRoot, splits: ['train'] }).refs.map((ref) => ref.split)).toEqual(['train'])
  })

  it('takes ignore_identical_ids from the catalog', () => {
    const datasetsRoot = writeFiles(tempFolder(), under('ArguAna', ['test']))
    expect(resolveTask('ArguAna', { datasetsRoot }).refs[0]?.ignoreIdenticalIds).toBe(true)
  })

  it('takes the subsets that are there, in MTEB’s order, and warns of the rest', () => {
    const datasetsRoot = writeFiles(tempFolder(), {
      ...under('XQuADRetrieval/zh', ['validation']),
      ...under('XQuADRetrieval/de', ['validation']),
    })
    const found = resolveTask('XQuADRetrieval', { datasetsRoot })
    expect(found.refs.map(({ subset, languages }) => [subset, ...languages])).toEqual([
      ['de', 'deu-Latn'],
      ['zh', 'zho-Hans'],
    ])
    expect(found.warnings).toHaveLength(1)
    expect(found.warnings[0]).toContain('10 of 12 subsets')
    expect(resolveTask('XQuADRetrieval', { datasetsRoot, subsets: ['zh'] }).warnings).toEqual([])
    expect(refusal('XQuADRetrieval', { datasetsRoot, subsets: ['zh', 'en'] })).toMatchObject({
      code: 'SB-TASK-008',
      details: { path: join(datasetsRoot, 'XQuADRetrieval/en/corpus.jsonl') },
    })
  })

  it('takes the eval_splits that are there and warns of the rest', () => {
    const datasetsRoot = writeFiles(tempFolder(), under('LEMBPasskeyRetrieval', ['test_256', 'test_1024']))
    const found = resolveTask('LEMBPasskeyRetrieval', { datasetsRoot })
    expect(found.refs.map(({ split, catalog }) => [split, catalog?.queryCount])).toEqual([
      ['test_256', 50],
      ['test_1024', 50],
    ])
    expect(found.warnings[0]).toContain('test_512')
    expect(refusal('LEMBPasskeyRetrieval', { datasetsRoot, splits: ['test_512'] }).code).toBe('SB-TASK-008')
  })

  it('refuses unknown names, other types, aggregates, subsets and splits', () => {
    const datasetsRoot = writeFiles(tempFolder(), under('SciFact', ['test']))
    expect(refusal('SciFct')).toMatchObject({ code: 'SB-SPEC-005', details: { suggestion: 'SciFact' } })
    expect(refusal('Banking77Classification')).toMatchObject({ code: 'SB-TASK-009', details: { type: 'Classification' } })
    expect(refusal('CQADupstackRetrieval')).toMatchObject({
      code: 'SB-TASK-008',
      details: { task: 'CQADupstackAndroidRetrieval' },
    })
    expect(refusal('XQuADRetrieval', { datasetsRoot, subsets: ['zh', 'xx', 'yy'] }).message).toContain('no subset "xx", "yy"')
    expect(refusal('SciFact', { datasetsRoot, splits: ['dev'] })).toMatchObject({
      code: 'SB-TASK-010',
      details: { what: 'split' },
    })
  })

  it('refuses absent data, naming where it looked', () => {
    const datasetsRoot = tempFolder()
    expect(refusal('SciFact').details.path).toBe('ROOT/SciFact')
    expect(refusal('SciFact', { datasetsRoot })).toMatchObject({
      code: 'SB-TASK-008',
      details: { path: join(datasetsRoot, 'SciFact') },
    })
    mkdirSync(join(datasetsRoot, 'XQuADRetrieval'))
    expect(refusal('XQuADRetrieval', { datasetsRoot }).details.path).toBe(
      join(datasetsRoot, 'XQuADRetrieval/<subset>/corpus.jsonl'),
    )
    writeFiles(datasetsRoot, under('SciFact', ['train']))
    expect(refusal('SciFact', { datasetsRoot }).details.path).toBe(join(datasetsRoot, 'SciFact/qrels/test.tsv'))
  })

  it('resolves an aggregate to its components, which all must be there', () => {
    const components = resolveTask('CQADupstackRetrieval', { hub: true }).components ?? []
    expect(components).toHaveLength(12)
    const files = Object.assign({}, ...components.map((name) => under(name, ['test'])))
    const datasetsRoot = writeFiles(tempFolder(), files)
    const found = resolveTask('CQADupstackRetrieval', { datasetsRoot })
    expect(found.refs.map(({ task }) => task)).toEqual(components)
    expect(found).toMatchObject({ name: 'CQADupstackRetrieval', type: 'Retrieval' })
    // One instruction speaks for all: the components have the same.
    for (const name of components) expect(resolveTask(name, { datasetsRoot }).instruction).toEqual(found.instruction)
    rmSync(join(datasetsRoot, components[3] as string), { recursive: true })
    expect(refusal('CQADupstackRetrieval', { datasetsRoot })).toMatchObject({
      code: 'SB-TASK-008',
      details: { task: components[3] },
    })
    expect(refusal('CQADupstackRetrieval', { datasetsRoot, subsets: ['x'] }).code).toBe('SB-TASK-010')
  })

  it('takes a task without a folder from its repository, all subsets and eval_splits, only when asked to', () => {
    const { refs } = resolveTask('STS17', { hub: true })
    expect(refs).toHaveLength(11)
    expect(refs[0]).toMatchObject({
      type: 'STS',
      split: 'test',
      source: { kind: 'hub', repo: 'mteb/sts17-crosslingual-sts', revision: 'faeb762787bd10488a50c8b5be4a3b82e411949c' },
    })
    const datasetsRoot = writeFiles(tempFolder(), { 'STS17/en-en/test.jsonl': '' })
    expect(resolveTask('STS17', { hub: true, datasetsRoot }).refs.map(({ subset }) => subset)).toEqual(['en-en'])
    expect(resolveTask('STS17', { hub: true, datasetsRoot: tempFolder(), subsets: ['ko-ko'] }).refs).toHaveLength(1)
    expect(refusal('STS17').code).toBe('SB-TASK-008')
  })

  it('says, offline and without a root, that the cache lacks it; with a root, what is missing there', () => {
    const hub = { cacheDir: tempFolder(), endpoint: 'http://127.0.0.1:9', token: null, offline: true }
    const { code, message } = refusal('SciFact', { hub })
    expect([code, message]).toEqual(['SB-TASK-016', expect.stringContaining(`in the cache ${hub.cacheDir}`)])
    expect(refusal('SciFact', { hub, datasetsRoot: tempFolder() }).code).toBe('SB-TASK-008')
  })

  it.each(['x/../SciFact', 'a/b', '..\\x'])('never joins the name %j to the root', (name) => {
    const datasetsRoot = join(writeFiles(tempFolder(), under('SciFact', ['test'])), 'below')
    expect(refusal(name, { datasetsRoot }).code).toBe('SB-SPEC-005')
    expect(refusal('XQuADRetrieval', { datasetsRoot, subsets: [name] }).code).toBe('SB-TASK-010')
  })
})

describe('resolveTask of a folder', () => {
  it('is relative to the base folder and named after its own', () => {
    const baseFolder = writeFiles(tempFolder(), under('tasks/mine', ['test', 'dev']))
    const { refs, instruction } = resolveTask('./tasks/mine', { baseFolder })
    expect(refs).toHaveLength(1)
    expect(refs[0]).toMatchObject({
      task: 'mine',
      subset: 'default',
      split: 'test',
      source: { kind: 'folder', path: join(baseFolder, 'tasks/mine') },
      mainScore: 'ndcg_at_10',
      catalog: null,
    })
    expect(instruction).toEqual({ query: 'Retrieve text based on user query.', document: 'Retrieve text based on user query.' })
  })

  it('takes all splits where there is no test', () => {
    const folder = writeFiles(tempFolder(), under('t', ['dev', 'extra']))
    expect(resolveTask(join(folder, 't')).refs.map((ref) => ref.split)).toEqual(['dev', 'extra'])
  })

  it('follows task.json', () => {
    const file = {
      name: 'Traps',
      languages: ['cmn-Hans'],
      mainScore: 'recall_at_10',
      splits: ['dev'],
      ignoreIdenticalIds: true,
      prompt: { query: 'Find it' },
    }
    const folder = taskFolder({ 'task.json': JSON.stringify(file), 'qrels/dev.tsv': '' })
    const { refs, instruction } = resolveTask(folder)
    expect(
      refs.map(({ task, split, mainScore, languages, ignoreIdenticalIds }) => ({
        task,
        split,
        mainScore,
        languages,
        ignoreIdenticalIds,
      })),
    ).toEqual([{ task: 'Traps', split: 'dev', mainScore: 'recall_at_10', languages: ['cmn-Hans'], ignoreIdenticalIds: true }])
    expect(instruction).toEqual({ query: 'Find it', document: '' })
  })

  it('refuses task.json with all mistakes at once', () => {
    const file = {
      name: '../x',
      languages: ['zh'],
      mainscore: 'ndcg_at_10',
      mainScore: 'ndcg@10',
      splits: [],
      ignoreIdenticalIds: 1,
      prompt: { passage: '' },
    }
    const { code, mistakes } = refusal(taskFolder({ 'task.json': JSON.stringify(file) }))
    expect(code).toBe('SB-TASK-001')
    expect(mistakes.map(({ message }) => message.split(' ')[0])).toEqual(Object.keys(file).map((key) => `"${key}"`))
    expect(mistakes[2]?.message).toContain('did you mean "mainScore"?')
    expect(refusal(taskFolder({ 'task.json': '{' })).mistakes[0]?.code).toBe('SB-TASK-002')
    expect(refusal(taskFolder({ 'task.json': '[]' })).mistakes[0]?.code).toBe('SB-TASK-002')
    expect(refusal(taskFolder({ 'task.json': Buffer.from([0x7b, 0xff, 0x7d]) })).mistakes[0]?.code).toBe('SB-TASK-005')
  })

  it('refuses absent folders, subsets and splits', () => {
    const folder = taskFolder()
    expect(refusal('./nowhere', { baseFolder: folder }).code).toBe('SB-TASK-008')
    expect(refusal(folder, { subsets: ['zh'] })).toMatchObject({ code: 'SB-TASK-010', details: { what: 'subset' } })
    expect(refusal(folder, { splits: ['../../etc/passwd'] })).toMatchObject({ code: 'SB-TASK-010', details: { what: 'split' } })
  })
})

describe('resolveTask of a shipped task', () => {
  it.each([
    ['SemanticTrapsZh', 'cmn-Hans'],
    ['SemanticTrapsEn', 'eng-Latn'],
  ])('%s', (name, language) => {
    expect(resolveTask(name).refs).toMatchObject([
      { task: name, split: 'test', source: { kind: 'shipped', name }, languages: [language] },
    ])
  })
})
