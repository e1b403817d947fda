import type { Config } from '@sweepboard/contracts'
import type { ModelCell, PublishedEntry } from '@sweepboard/ledger'
import { describe, expect, it } from 'vitest'
import { readRows } from './board-rows.ts'
import { chooseRow, matchModels, parseRowName } from './find-rows.ts'

const FULL: Config = { dimensions: null, precision: 'float32', similarity: 'cosine' }

function cell(model: string, config: Partial<Config>, more: Partial<ModelCell> = {}): ModelCell {
  const own = { model, revision: '1', variant: '', recipeVariant: '', recipeKey: `key of ${model} ${more.revision ?? '1'}` }
  const task = { task: 'T', taskKey: 't', taskType: 'Retrieval', subset: 'default', split: 'test', mainScoreName: 'ndcg_at_10' }
  const data = { data: 'd', datasetRevision: null, limit: null, isShown: true, perQuery: null, scoredAt: '' }
  const recipe = { similarity: 'cosine', dimensions: 512 } as const
  const whole = { ...FULL, ...config }
  return {
    group: 1,
    ...own,
    ...task,
    ...data,
    recipe,
    config: whole,
    configKey: JSON.stringify(whole),
    mainScore: 0.5,
    ...more,
  } as ModelCell
}

const CELLS = [
  cell('org/m3', {}),
  cell('org/m3', { dimensions: 256 }),
  cell('org/m3', { dimensions: 256, precision: 'int8' }),
  cell('org/m3', {}, { variant: 'find, then rank', recipeVariant: 'find, then rank' }),
  cell('local/mini', {}, { revision: 'aaaaaaaaa' }),
  cell('local/mini', {}, { revision: 'bbbbbbbbb' }),
]
const IMPORTED: PublishedEntry[] = ['org/m3', 'sentence-transformers/mini', 'odd@name'].map((model, id) => {
  const place = { task: 'T', subset: 'default', split: 'test', datasetRevision: '', origin: '' }
  return { id, model, revision: 'fedcba987', mainScore: 0.4, ...place }
})
const MODELS = [...new Set([...CELLS, ...IMPORTED].map(({ model }) => model))]
const reader = {
  modelCells: (models: readonly string[]) => CELLS.filter(({ model }) => models.includes(model)),
  publishedOf: (models: readonly string[]) => IMPORTED.filter(({ model }) => models.includes(model)),
}

function find(text: string): string {
  const name = parseRowName(text, (model) => MODELS.includes(model))
  return chooseRow(readRows(reader, matchModels(MODELS, name.model)), text, name).name
}

describe('a row is named', () => {
  it.each([
    ['org/m3', 'org/m3'],
    ['M3', 'org/m3'],
    ['./models/m3', 'org/m3'],
    ['m3#256 dims', 'org/m3 [256 dims]'],
    ['m3 [256 dims]', 'org/m3 [256 dims]'],
    ['m3#int8', 'org/m3 [256 dims, int8]'],
    ['org/m3 [int8, 256 dims]', 'org/m3 [256 dims, int8]'],
    ['m3#find, then rank', 'org/m3 [find, then rank]'],
    ['m3 [published]', 'org/m3 [published]'],
    ['mini@bbb', 'local/mini@bbbbbbb'],
    ['sentence-transformers/mini', 'sentence-transformers/mini [published]'],
    ['odd@name', 'odd@name [published]'],
    ['odd@name@fed', 'odd@name [published]'],
  ])('%s: %s', (text, name) => {
    expect(find(text)).toBe(name)
    expect(find(name)).toBe(name)
  })

  it('by what fits several rows not at all: they are listed as each can be named', () => {
    expect(() => find('mini')).toThrow(/SB-LEDGER-014.* 2 rows.*\n {2}"local\/mini@aaaaaaa"\n {2}"local\/mini@bbbbbbb"$/)
    expect(() => find('m3#512 dims')).toThrow(/SB-LEDGER-015.*\n {2}"org\/m3"\n {2}"org\/m3 \[256 dims\]"/)
    expect(() => find('m3@0')).toThrow('SB-LEDGER-015')
  })

  it('by a model that is not there with the nearest one', () => {
    expect(() => find('orgg/m3')).toThrow('no model "orgg/m3" on the board, did you mean "org/m3"?')
    expect(() => find('mimi')).toThrow('did you mean "local/mini"?')
    expect(() => find('')).toThrow('SB-LEDGER-013')
    for (const long of ['[', ' ', '#', '@', 'x']) expect(() => find(`${long.repeat(10_000)}]`)).toThrow('SB-LEDGER-013')
  })
})
