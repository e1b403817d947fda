import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CellView } from '@sweepboard/ledger'
import { type MtebJson, parseMtebJson } from '@sweepboard/metrics'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { experimentName, exportResults } from './mteb-export.ts'
import { listResultFiles, readResultFile } from './mteb-import.ts'
import { exportPublished } from './published-files.ts'
import type { PublishedRow } from './published-row.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sweepboard-files-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function readPublished(path: string) {
  const read = listResultFiles(path).map((file) => readResultFile(file, path))
  return {
    rows: read.flatMap((one) => ('rows' in one ? one.rows : [])),
    skipped: read.flatMap((one) => ('error' in one ? [one] : [])),
    areOurs: read.every((one) => 'isOurs' in one && one.isOurs),
  }
}

const cell = (over: Partial<CellView> = {}): CellView =>
  ({
    model: 'org/name',
    revision: 'rev1',
    variant: '',
    unclaimed: [],
    recipeVariant: '',
    recipeKey: 'r',
    recipe: { similarity: 'cosine', dimensions: 256 },
    load: { identity: { engine: 'onnx' } },
    task: 'SciFact',
    subset: 'default',
    split: 'test',
    languages: ['eng-Latn'],
    datasetRevision: 'd1',
    counts: null,
    limit: null,
    configKey: 'c',
    config: { dimensions: null, precision: 'float32', similarity: 'cosine' },
    state: 'scored',
    mainScore: 0.5,
    metrics: { ndcg_at_10: 0.5, nauc_map_at_1_max: null },
    evidence: { score: null, query: null, document: null, pairs: [] },
    pairSets: [],
    scoredAt: '2026-01-02T03:04:05.000Z',
    ...over,
  }) as unknown as CellView

describe('exportResults', () => {
  it('writes what readPublished reads: model, task, scores, an undefined metric as NaN', () => {
    const summary = exportResults([cell({ subset: 'b' }), cell({ subset: 'a', mainScore: 0.25 })], folder, '0.0.0')
    expect(summary).toEqual({ fileCount: 1, cellCount: 2, limitedCount: 0 })
    const file = join(folder, 'org__name/rev1/SciFact.json')
    expect(readFileSync(file, 'utf8')).toMatch(/"nauc_map_at_1_max": NaN/)
    const { rows, skipped, areOurs } = readPublished(folder)
    expect(skipped).toEqual([])
    expect(areOurs).toBe(true)
    expect(rows.map(({ model, revision, task, subset, mainScore }) => [model, revision, task, subset, mainScore])).toEqual([
      ['org/name', 'rev1', 'SciFact', 'a', 0.25],
      ['org/name', 'rev1', 'SciFact', 'b', 0.5],
    ])
    expect(rows[0]?.metrics.nauc_map_at_1_max).toBeNull()
    expect(rows[0]).toMatchObject({ datasetRevision: 'd1', mtebVersion: '2.20.0', split: 'test', languages: ['eng-Latn'] })
  })

  it('puts other configs below experiments/, leaves limited, failed and waiting cells out', () => {
    const config = { dimensions: 64, precision: 'int8', similarity: 'cosine' } as const
    const summary = exportResults(
      [
        cell({ config, variant: 'no instruction', recipeVariant: 'no instruction' }),
        cell({ limit: 5 }),
        cell({ state: 'failed', metrics: null }),
        cell({ state: 'waiting', metrics: null }),
      ],
      folder,
      '0.0.0',
    )
    expect(summary).toEqual({ fileCount: 1, cellCount: 1, limitedCount: 1 })
    expect(readdirSync(join(folder, 'org__name/rev1'))).toEqual(['experiments'])
    expect(readdirSync(join(folder, 'org__name/rev1/experiments'))).toEqual([
      'dimensions_64__instruction_no instruction__precision_int8',
    ])
    const { rows, skipped } = readPublished(folder)
    expect(rows).toEqual([])
    expect(skipped.map(({ error }) => error.code)).toEqual(['SB-FILE-003'])
  })

  it('keeps two recipes of one model and revision in files of their own, the first in the usual place', () => {
    const other = { recipeKey: 'b'.repeat(64), mainScore: 0.125 }
    const cells = [
      cell({ subset: 'en' }),
      cell({ ...other, subset: 'en' }),
      cell({ subset: 'de' }),
      cell({ ...other, subset: 'de' }),
    ]
    expect(exportResults(cells, folder, '1.0')).toMatchObject({ fileCount: 2, cellCount: 4 })
    const subsetsOf = (path: string) => {
      const file = JSON.parse(
        readFileSync(join(folder, 'org__name/rev1', path, 'SciFact.json'), 'utf8').replaceAll('NaN', 'null'),
      )
      return file.scores.test.map((entry: Record<string, unknown>) => [entry.hf_subset, entry.main_score])
    }
    expect(subsetsOf('.').map(([subset]: string[]) => subset)).toEqual(['de', 'en'])
    expect(subsetsOf('experiments/recipe_bbbbbbbb')).toEqual([
      ['de', 0.125],
      ['en', 0.125],
    ])
    const meta = JSON.parse(readFileSync(join(folder, 'org__name/rev1/experiments/recipe_bbbbbbbb/model_meta.json'), 'utf8'))
    expect(meta.experiment_kwargs).toEqual({ recipe: 'bbbbbbbb' })
  })

  it('say of second stages and of bm25 how they were made', () => {
    const full = { dimensions: null, precision: 'float32', similarity: 'cosine' } as const
    const hybrid = { model: 'mteb/baseline-bm25s', revision: '0_3_0', weight: 0.3 }
    const options = { k1: 1.5, stemmer: 'snowball 3.1.1' }
    const cells = [
      cell({ config: { ...full, hybrid, cut: { top: 5 } } }),
      cell({
        model: 'mteb/bm25',
        recipe: { similarity: 'cosine', dimensions: 1 },
        load: { identity: { engine: 'bm25', options } },
      } as object),
    ]
    exportResults(cells, folder, '1.0')
    const stage = join(folder, 'org__name/rev1/experiments/cut_top5__hybrid_mteb_baseline-bm25s@0_3_0-0.3/SciFact.json')
    expect(existsSync(stage)).toBe(true)
    const meta = JSON.parse(readFileSync(join(folder, 'mteb__bm25/rev1/model_meta.json'), 'utf8'))
    expect(meta).toMatchObject({ embed_dim: null, lexical: options })
  })

  it('say under a key of our own which language the model does not claim', () => {
    exportResults([cell({ unclaimed: ['cmn-Hans'] }), cell({ subset: 'en', unclaimed: [] })], folder, '1.0')
    const file = JSON.parse(readFileSync(join(folder, 'org__name/rev1/SciFact.json'), 'utf8').replaceAll('NaN', 'null'))
    expect(file.sweepboard.language_not_claimed).toEqual([{ subset: 'default', split: 'test', languages: ['cmn-Hans'] }])
    expect(readPublished(folder).skipped).toEqual([])
    exportResults([cell({})], folder, '1.0')
    expect(readFileSync(join(folder, 'org__name/rev1/SciFact.json'), 'utf8')).not.toContain('language_not_claimed')
  })

  it('hostile names stay inside the folder', () => {
    exportResults([cell({ model: '../../evil', revision: '../x', task: '../../task' })], join(folder, 'out'), '0.0.0')
    expect(readdirSync(folder)).toEqual(['out'])
    expect(existsSync(join(folder, '../evil'))).toBe(false)
  })

  it('names an experiment by sorted keys, hashed where it grows too long', () => {
    expect(
      experimentName(
        new Map<string, string | number>([
          ['precision', 'int8'],
          ['dimensions', 64],
        ]),
      ),
    ).toBe('dimensions_64__precision_int8')
    expect(experimentName(new Map([['instruction', 'a/b?"c']]))).toBe('instruction_a_b__c')
    expect(experimentName(new Map([['instruction', 'x'.repeat(300)]]))).toMatch(/^exp_[0-9a-f]{16}$/)
  })
})

describe('readResultFile', () => {
  const put = (name: string, content: unknown): string => {
    const path = join(folder, 'org__m/rev', name)
    mkdirSync(join(folder, 'org__m/rev'), { recursive: true })
    writeFileSync(path, typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content))
    return path
  }
  const entry = { hf_subset: 'default', languages: ['eng-Latn'], main_score: 0.5, ndcg_at_10: 0.5 }
  const rowsOf = (path: string) => {
    const read = readResultFile(path, path)
    if ('error' in read) throw read.error
    return read.rows
  }

  it('knows model and revision by the folders from within them, too', () => {
    const path = put('SciFact.json', { task_name: 'SciFact', mteb_version: '1.12.0', scores: { test: [entry] } })
    const here = process.cwd()
    try {
      process.chdir(dirname(path))
      expect(readPublished('.').rows).toMatchObject([{ model: 'org/m', revision: 'rev' }])
      expect(readPublished('SciFact.json').rows).toMatchObject([{ model: 'org/m', revision: 'rev' }])
    } finally {
      process.chdir(here)
    }
  })
  it('names damaged and foreign files with a coded reason and reads the others', () => {
    put('Good.json', { task_name: 'Good', mteb_version: '1', scores: { test: [entry] } })
    put('Cut.json', '{"task_name": "Cu')
    put('Latin1.json', Buffer.from([0x22, 0xe9, 0x22]))
    put('Odd.json', { task_name: 'Odd', scores: { test: [{ main_score: 1 }] } })
    put('Null.json', 'null')
    put('Empty.json', { task_name: 'Empty', scores: { test: [] } })
    const { rows, skipped } = readPublished(folder)
    expect(rows.map(({ model, revision, task }) => `${model} ${revision} ${task}`)).toEqual(['org/m rev Good'])
    expect(skipped.map(({ file, error }) => `${file.split('/').at(-1)} ${error.code}`)).toEqual(
      ['Cut', 'Empty', 'Latin1', 'Null', 'Odd'].map((name) => `${name}.json SB-FILE-002`),
    )
    expect(() => listResultFiles(join(folder, 'absent'))).toThrow('SB-FILE-001')
  })

  it('converts the legacy layout: subsets, nested similarities, renamed tasks, a missing main score, languages', () => {
    const legacy = { mteb_version: '1.0.3.dev0', dataset_revision: 'd', mteb_dataset_name: 'PPC' }
    const [pair] = rowsOf(put('PPC.json', { ...legacy, test: { cos_sim: { ap: 0.5 }, max: { ap: 1 }, evaluation_time: 2 } }))
    expect(pair).toMatchObject({ task: 'PpcPC', subset: 'default', split: 'test', evaluationTime: 2, datasetRevision: 'd' })
    expect(pair).toMatchObject({ metrics: { cosine_ap: 0.5, max_ap: 1 }, mainScore: 1, languages: ['pol-Latn'] })
    const mined = { 'fr-en': { f1: 0.1, main_score: 0.1 }, evaluation_time: 1 }
    const rows = rowsOf(put('DiaBLa.json', { ...legacy, mteb_dataset_name: 'DiaBlaBitextMining', test: mined, dev: mined }))
    expect(rows.map(({ task, split, subset, mainScore }) => [task, split, subset, mainScore])).toEqual([
      ['DiaBlaBitextMining', 'test', 'fr-en', 0.1],
      ['DiaBlaBitextMining', 'dev', 'fr-en', 0.1],
    ])
    expect(rows[0]?.evaluationTime).toBe(2)
  })

  it('flattens nested pair scores of old versions, and only theirs', () => {
    const scores = { test: [{ ...entry, cosine: { ap: 0.25 } }] }
    const read = (version: string, task_name: string) =>
      rowsOf(put('a.json', { task_name, mteb_version: version, scores }))[0]?.metrics
    expect(read('1.12.41', 'LegalBenchPC')).toEqual({ ndcg_at_10: 0.5, cosine_ap: 0.25 })
    expect(read('1.12.48', 'LegalBenchPC')).toEqual({ ndcg_at_10: 0.5 })
    expect(read('1.9', 'SciFact')).toEqual({ ndcg_at_10: 0.5 })
  })
})

const published = new URL('../../../../shared/mteb-results/', import.meta.url)
const withoutSpace = (text: string) => text.replace(/\s/g, '')

describe.skipIf(!existsSync(published))('every published result file (needs ../shared/mteb-results)', () => {
  it('imports, and comes out as it went in: modern files to the character, legacy ones by their numbers', async () => {
    const root = fileURLToPath(published)
    const { rows, skipped } = readPublished(root)
    expect(skipped).toEqual([])
    expect(rows.filter((row) => row.source !== undefined)).toHaveLength(4516)
    expect(rows).toHaveLength(59_825)
    const files = rows.flatMap(({ source, ...row }, id) =>
      source === undefined ? [] : [{ ...row, id, source: Buffer.from(source, 'base64') }],
    )
    const summary = await exportPublished(files, folder)
    expect(summary).toEqual({ fileCount: 4516, hiddenCount: 0 })
    let legacyCount = 0
    for (const row of files) {
      const text = readFileSync(join(dirname(root), row.origin), 'utf8')
      const path = join(folder, row.model.replace('/', '__'), row.revision, `${row.task}.json`)
      const written = readFileSync(path, 'utf8')
      if (text.includes('"task_name"')) {
        if (withoutSpace(text) !== withoutSpace(written)) expect(written, row.origin).toBe(text)
        continue
      }
      legacyCount += 1
      expect(numbersOf(parseMtebJson(written)), row.origin).toEqual(numbersOf(parseMtebJson(text)))
    }
    expect(legacyCount).toBe(6)
    // What was written reads back to the same rows.
    const again = readPublished(folder).rows
    const plain = (all: readonly PublishedRow[]) =>
      all.map(({ origin: _, source: __, languages: ___, ...row }) => JSON.stringify(row)).sort()
    expect(plain(again)).toEqual(plain(rows))
  }, 120_000)
})

/** Every score of a file, sorted; times aside, which the modern layout adds up. */
function numbersOf(value: MtebJson, key = ''): number[] {
  if (typeof value === 'number') return key === 'evaluation_time' ? [] : [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value)
    .flatMap(([name, member]) => numbersOf(member as MtebJson, name))
    .sort((a, b) => a - b)
}
