import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CellView } from '@sweepboard/ledger'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { experimentName, exportResults } from './mteb-export.ts'
import { readPublished } from './mteb-import.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sweepboard-files-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const cell = (over: Partial<CellView> = {}): CellView =>
  ({
    model: 'org/name',
    revision: 'rev1',
    variant: '',
    recipeVariant: '',
    recipeKey: 'r',
    recipe: { similarity: 'cosine', dimensions: 256 },
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
    scoredAt: '2026-01-02T03:04:05.000Z',
    ...over,
  }) as unknown as CellView

describe('exportResults', () => {
  it('writes what readPublished reads: model, task, scores, an undefined metric as NaN', () => {
    const summary = exportResults([cell({ subset: 'b' }), cell({ subset: 'a', mainScore: 0.25 })], folder, '0.0.0')
    expect(summary).toEqual({ fileCount: 1, cellCount: 2, limitedCount: 0 })
    const file = join(folder, 'org__name/rev1/SciFact.json')
    expect(readFileSync(file, 'utf8')).toMatch(/"nauc_map_at_1_max": NaN/)
    const { rows, skipped } = readPublished(folder)
    expect(skipped).toEqual([])
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
    expect(readPublished(folder).rows).toEqual([])
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

describe('readPublished', () => {
  it('lists damaged and legacy files with the reason and reads the others', () => {
    const at = join(folder, 'org__m/rev')
    mkdirSync(at, { recursive: true })
    const entry = { hf_subset: 'default', languages: ['eng-Latn'], main_score: 0.5, ndcg_at_10: 0.5 }
    writeFileSync(join(at, 'Good.json'), JSON.stringify({ task_name: 'Good', mteb_version: '1', scores: { test: [entry] } }))
    writeFileSync(join(at, 'Cut.json'), '{"task_name": "Cu')
    writeFileSync(join(at, 'Legacy.json'), JSON.stringify({ mteb_dataset_name: 'Legacy', test: { main_score: 1 } }))
    writeFileSync(join(at, 'Odd.json'), JSON.stringify({ task_name: 'Odd', scores: { test: [{ main_score: 1 }] } }))
    writeFileSync(join(at, 'Null.json'), 'null')
    const { rows, fileCount, skipped } = readPublished(folder)
    expect(rows.map(({ model, revision, task }) => `${model} ${revision} ${task}`)).toEqual(['org/m rev Good'])
    expect(fileCount).toBe(1)
    expect(skipped.map(({ file }) => file.split('/').at(-1))).toEqual(['Cut.json', 'Legacy.json', 'Null.json', 'Odd.json'])
    expect(skipped.every(({ reason }) => reason.length > 10)).toBe(true)
    expect(() => readPublished(join(folder, 'absent'))).toThrow('SB-FILE-001')
  })
})
