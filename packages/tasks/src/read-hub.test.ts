import { readFileSync, rmSync } from 'node:fs'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import {
  bitext,
  card,
  config,
  configs,
  type HubFiles,
  hubRef,
  pairs,
  readFromHub as read,
  refusalFromHub as refusal,
  startTaskHub,
} from '../test/hub.ts'
import { jsonLines, memoryStore } from '../test/task-folder.ts'
import { CachedRepo } from './hub-cache.ts'
import { prepareTask } from './prepare.ts'
import { readTask } from './read-task.ts'

const scored = [
  { sentence1: 'a', sentence2: 'b', score: 4 },
  { sentence1: 'c', sentence2: 'd', score: 1.5 },
]
const asPairs = [
  ['a', 'b', 4],
  ['c', 'd', 1.5],
]

describe('a repository of one config', () => {
  it.each<[string, HubFiles]>([
    [
      'jsonl.gz without a card, as the old ones',
      { 'test.jsonl.gz': gzipSync(jsonLines(scored)), 'train.jsonl.gz': gzipSync('{}') },
    ],
    [
      'jsonl.zst by a card with patterns',
      {
        'README.md': card('configs:\n- config_name: default\n  data_files:\n  - split: test\n    path: "data/t*"'),
        'data/t1.jsonl.zst': zstdCompressSync(jsonLines(scored)),
      },
    ],
    [
      'csv in two parts',
      {
        'data/test-00000-of-00002.csv': 'sentence1,sentence2,score\na,b,4\n',
        'data/test-00001-of-00002.csv': 'score,sentence2,sentence1\n1.5,d,c\n',
      },
    ],
  ])('is read from %s', async (_, files) => {
    expect(pairs(await read('STS12', files))).toEqual(asPairs)
  })

  it('takes the config that is marked, or named default, or alone, else refuses', async () => {
    const config = (name: string, more = '') =>
      `- config_name: ${name}${more}\n  data_files: [{split: test, path: ${name}.jsonl}]\n`
    const files = { 'x.jsonl': jsonLines(scored), 'y.jsonl': '', 'default.jsonl': jsonLines(scored) }
    const readme = (yaml: string) => ({ ...files, 'README.md': card(`configs:\n${yaml}`) })
    for (const yaml of [config('y') + config('x', '\n  default: true'), config('y') + config('default'), config('x')])
      expect(pairs(await read('STS12', readme(yaml)))).toEqual(asPairs)
    expect(await refusal('STS12', readme(config('x') + config('y')))).toMatchObject({
      code: 'SB-TASK-017',
      message: expect.stringContaining('default'),
    })
  })

  it('is refused where split, format or columns are not as the task needs them', async () => {
    expect((await refusal('STS12', { 'train.jsonl': jsonLines(scored) })).message).toContain('no split "test"')
    const zip = {
      'README.md': card('configs:\n- config_name: default\n  data_files: [{split: test, path: t.zip}]'),
      't.zip': 'x',
    }
    expect((await refusal('STS12', zip)).message).toContain('t.zip has a format')
    expect((await refusal('STS12', { 'README.md': card('configs: ['), 'test.jsonl': '' })).message).toContain('no YAML')
    const error = await refusal('STS12', { 'test.jsonl': '{"sentence1":"a","sentence_2":"b","score":1}\n' })
    expect(error).toMatchObject({
      code: 'SB-TASK-001',
      mistakes: [{ code: 'SB-TASK-007', line: 1, file: expect.stringContaining('snapshots') }],
    })
  })

  it('has its scores between the task’s own bounds, and the pinned revision as its own', async () => {
    const { settings } = await startTaskHub('STS22.v2', {
      'test.jsonl': jsonLines(scored.map((row) => ({ ...row, lang: 'de' }))),
    })
    const ref = hubRef('STS22.v2', { subsets: ['de'] })
    expect(await readTask(ref, { hub: settings })).toMatchObject({ minScore: 1, maxScore: 4 })
    const prepared = await prepareTask(ref, memoryStore().put, { hub: settings })
    expect(prepared).toMatchObject({ type: 'STS', datasetRevision: 'd31f33a128469b20e357535c39b82fb3c3f6f2bd' })
    const offline = await prepareTask(ref, memoryStore().put, {
      hub: { ...settings, endpoint: 'http://127.0.0.1:9', offline: true },
    })
    expect(offline).toEqual(prepared)
    expect((await prepareTask({ ...ref, limit: 1 }, memoryStore().put, { hub: settings })).datasetRevision).toMatch(/^local-/)
    await expect(prepareTask(ref, memoryStore().put)).rejects.toMatchObject({ code: 'SB-TASK-008' })
  })

  it('is the catalog’s own: another repository or revision under a task’s name is not fetched', async () => {
    const { settings, hub } = await startTaskHub('STS12', { 'test.jsonl': jsonLines(scored) })
    const ref = hubRef('STS12')
    const source = ref.source as { kind: 'hub'; repo: string; revision: string }
    for (const other of [{ repo: 'org/private' }, { revision: 'f'.repeat(40) }])
      await expect(readTask({ ...ref, source: { ...source, ...other } }, { hub: settings })).rejects.toMatchObject({
        code: 'SB-TASK-017',
      })
    expect(hub.requests).toEqual([])
  })

  it('is refused offline where a part of a split is not in the cache', async () => {
    const part = (n: number) => `data/test-0000${n}-of-00002.jsonl`
    const { settings, hub } = await startTaskHub('STS12', {
      [part(0)]: jsonLines(scored),
      [part(1)]: jsonLines([...scored].reverse()),
    })
    hub.faults.push(...Array.from({ length: 6 }, () => ({ path: /00001-of/, fault: { kind: 'status' as const, status: 500 } })))
    await expect(readTask(hubRef('STS12'), { hub: settings })).rejects.toMatchObject({ code: 'SB-TASK-013' })
    const offline = { ...settings, offline: true }
    await expect(readTask(hubRef('STS12'), { hub: offline })).rejects.toMatchObject({ code: 'SB-TASK-016' })
    expect(pairs(await readTask(hubRef('STS12'), { hub: settings }))).toHaveLength(4)
    expect(pairs(await readTask(hubRef('STS12'), { hub: offline }))).toHaveLength(4)
  })

  it('is read from the cache while the hub is down, asking nothing where the list is kept, and with a note where it is not', async () => {
    const part = (n: number) => `data/test-0000${n}-of-00002.jsonl`
    const { settings, hub } = await startTaskHub('STS12', { [part(0)]: jsonLines(scored), [part(1)]: jsonLines(scored) })
    const ref = hubRef('STS12')
    const { repo, revision } = ref.source as { repo: string; revision: string }
    const prepared = await prepareTask(ref, memoryStore().put, { hub: settings })
    const notes: string[] = []
    const options = { hub: settings, onNote: (note: string) => notes.push(note) }
    const before = hub.requests.length
    expect(await prepareTask(ref, memoryStore().put, options)).toEqual(prepared)
    expect([hub.requests.length, notes]).toEqual([before, []])
    await hub.close()
    rmSync(new CachedRepo(settings.cacheDir, repo).treePath(revision))
    expect(await prepareTask(ref, memoryStore().put, options)).toEqual(prepared)
    expect(notes).toEqual([`the hub could not be reached (ECONNREFUSED): ${repo} is read from the cache, revision ${revision}`])
    rmSync(new CachedRepo(settings.cacheDir, repo).snapshotPath(revision, part(1)))
    await expect(readTask(ref, options)).rejects.toMatchObject({ code: 'SB-TASK-013', cause: { code: 'SB-TASK-016' } })
  })

  it('is refused offline where a part without a number, or the card, is not in the cache, by its name', async () => {
    const { settings, hub } = await startTaskHub('STS12', {
      'README.md': '---\nconfigs:\n- config_name: default\n  data_files:\n  - split: test\n    path: "data/*.jsonl"\n---\n',
      'data/one.jsonl': jsonLines(scored),
      'data/two.jsonl': jsonLines([...scored].reverse()),
    })
    hub.faults.push(...Array.from({ length: 6 }, () => ({ path: /two/, fault: { kind: 'status' as const, status: 500 } })))
    await expect(readTask(hubRef('STS12'), { hub: settings })).rejects.toMatchObject({ code: 'SB-TASK-013' })
    const offline = { ...settings, offline: true }
    const refused = (name: string) => ({ code: 'SB-TASK-016', message: expect.stringContaining(name) })
    await expect(readTask(hubRef('STS12'), { hub: offline })).rejects.toMatchObject(refused('data/two.jsonl'))
    const { repo, revision } = hubRef('STS12').source as { repo: string; revision: string }
    rmSync(new CachedRepo(settings.cacheDir, repo).snapshotPath(revision, 'README.md'))
    await expect(readTask(hubRef('STS12'), { hub: offline })).rejects.toMatchObject(refused('README.md'))
  })
})

describe('a task of several subsets', () => {
  it('has a column lang, or a config each', async () => {
    const rows = [...scored.map((row) => ({ ...row, lang: 'en-de' })), { ...scored[0], lang: 'en-en' }]
    const sts17 = { 'test.jsonl': jsonLines(rows) }
    expect(pairs(await read('STS17', sts17, { subsets: ['en-de'] }))).toEqual(asPairs)
    expect(await refusal('STS17', sts17, { subsets: ['ko-ko'] })).toMatchObject({ mistakes: [{ code: 'SB-TASK-004' }] })
    const configs = ['afr', 'amh'].map(
      (name) => `- config_name: ${name}\n  data_files: [{split: test, path: ${name}/test.jsonl}]`,
    )
    const semrel = {
      'README.md': card(['configs:', ...configs].join('\n')),
      'afr/test.jsonl': jsonLines(scored),
      'amh/test.jsonl': '',
    }
    expect(pairs(await read('SemRel24STS', semrel, { subsets: ['afr'] }))).toEqual(asPairs)
    expect((await refusal('SemRel24STS', semrel, { subsets: ['arb'] })).message).toContain('no config "arb"')
  })
})

describe('pair classification', () => {
  it.each(['SprintDuplicateQuestions', 'TwitterSemEval2015', 'TwitterURLCorpus', 'Ocnli', 'Cmnli'])(
    '%s has short column names',
    async (task) => {
      const row = { sent1: ['a', 'c'], sent2: ['b', 'd'], labels: [1, 0] }
      const split = hubRef(task).split
      expect(pairs(await read(task, { [`${split}.jsonl`]: jsonLines([row]) }))).toEqual([
        ['a', 'b', 1],
        ['c', 'd', 0],
      ])
    },
  )
})

describe('XNLI', () => {
  const readme = card('configs:\n- config_name: de\n  data_files: [{split: test, path: de.jsonl}]')
  const row = (i: number) => ({ premise: `p${i}`, hypothesis: `h${i}`, label: i % 3 })
  const ofRows = (count: number) => ({
    'README.md': readme,
    'de.jsonl': jsonLines(Array.from({ length: count }, (_, i) => row(i))),
  })

  it('drops neutral pairs; entailment is positive', async () => {
    expect(pairs(await read('XNLI', ofRows(4), { subsets: ['de'], splits: ['test'] }))).toEqual([
      ['p0', 'h0', 1],
      ['p2', 'h2', 0],
      ['p3', 'h3', 1],
    ])
  })

  it('is cut to 2,048 rows by class first', async () => {
    const found = pairs(await read('XNLI', ofRows(2100), { subsets: ['de'], splits: ['test'] })) as [string, string, number][]
    // 700 rows a class: 682.67 of each in the cut, so 682 or 683 of both kept classes.
    expect([1365, 1366]).toContain(found.length)
    expect(found.every(([premise, , value]) => value === (Number(premise.slice(1)) % 3 === 0 ? 1 : 0))).toBe(true)
  })
})

describe('bitext', () => {
  it('BUCC keeps the first sentences of gold', async () => {
    const row = {
      sentence1: ['a', 'b', 'c'],
      sentence2: ['u', 'v', 'w', 'x'],
      gold: [
        [3, 1],
        [1, 4],
      ],
    }
    const readme = card('configs:\n- config_name: de-en\n  data_files: [{split: test, path: de.jsonl}]')
    expect(bitext(await read('BUCC', { 'README.md': readme, 'de.jsonl': jsonLines([row]) }, { subsets: ['de-en'] }))).toEqual({
      first: ['c', 'a'],
      second: ['u', 'v', 'w', 'x'],
      gold: [0, 3],
    })
  })

  it('parallel tasks match two columns, with or without the prefix of the first Flores', async () => {
    for (const prefix of ['', 'sentence_']) {
      const row = (n: number) => ({
        [`${prefix}deu_Latn`]: `d${n}`,
        [`${prefix}eng_Latn`]: `e${n}`,
        [`${prefix}fra_Latn`]: `f${n}`,
        id: n,
      })
      const files = { 'data/devtest-00000-of-00001.jsonl': jsonLines([row(1), row(2)]) }
      expect(bitext(await read('FloresBitextMining', files, { subsets: ['fra_Latn-deu_Latn'] }))).toEqual({
        first: ['f1', 'f2'],
        second: ['d1', 'd2'],
        gold: [0, 1],
      })
    }
  })

  it('BibleNLP has one config for both directions and 256 rows', async () => {
    const rows = Array.from({ length: 300 }, (_, i) => ({ eng: `e${i}`, aai: `a${i}` }))
    const files = {
      'README.md': card('configs:\n- config_name: eng-aai\n  data_files: [{split: train, path: x.jsonl}]'),
      'x.jsonl': jsonLines(rows),
    }
    for (const [subset, letters] of [
      ['eng_Latn-aai_Latn', 'ea'],
      ['aai_Latn-eng_Latn', 'ae'],
    ] as const) {
      const data = await read('BibleNLPBitextMining', files, { subsets: [subset] })
      if (!('bitext' in data)) throw new Error(data.type)
      expect(data.bitext.first).toHaveLength(256)
      expect([data.bitext.first[255], data.bitext.second[255]]).toEqual([`${letters[0]}255`, `${letters[1]}255`])
    }
  })
})

const isParquetAbsent = await import('./parquet-rows.ts').then(
  () => false,
  () => true,
)
const fixture = (name: string) => readFileSync(new URL(`../test/fixtures/${name}.parquet`, import.meta.url))

describe.skipIf(isParquetAbsent)('Parquet repositories (skipped where hyparquet is not installed)', () => {
  it('are read through the cache: pairs, the one row of lists, gold', async () => {
    expect(pairs(await read('STS12', { 'data/test-00000-of-00001.parquet': fixture('pairs.zstd') }))).toHaveLength(300)
    expect(pairs(await read('TwitterURLCorpus', { 'data/test-00000-of-00001.parquet': fixture('one-row') }))).toEqual([
      ['a', 'b', 1],
      ['c', 'd', 0],
    ])
    const readme = configs(config('de-en', 'test', 'de-en/*'))
    expect(
      bitext(await read('BUCC', { 'README.md': readme, 'de-en/x.parquet': fixture('gold') }, { subsets: ['de-en'] })),
    ).toMatchObject({ gold: [0, 3] })
    const tatoeba = await read('BUCC.v2', { 'data/test-00000-of-00001.parquet': fixture('pairs.snappy') }, { subsets: ['fr-en'] })
    expect('bitext' in tatoeba && tatoeba.bitext.first).toHaveLength(100)
  })
})
