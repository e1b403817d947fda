import type { CellsOrigin, FirstSweep, ModelCell, PublishedEntry } from '@sweepboard/ledger'
import { writePerQuery } from '@sweepboard/scoring'
import { describe, expect, it } from 'vitest'
import { parseHistoryQuery, readHistory } from './history.ts'
import { judgeHistory } from './judge-history.ts'

const files = new Map<string, Uint8Array>()

/** A cell that one sweep scored: in hour `at`, with these scores by query. */
function cell(at: number, scores: readonly number[], more: Partial<ModelCell> = {}): ModelCell {
  const perQuery = `scores ${at} ${more.subset ?? ''}`
  const queryIds = scores.map((_, i) => `q${i}`)
  files.set(perQuery, writePerQuery({ queryIds, values: { ndcg_at_10: Float64Array.from(scores) } }))
  const row = { model: 'local/mini', revision: `rev${at}`, variant: '', recipeVariant: '', recipeKey: `key ${at}` }
  const task = {
    task: 'T',
    taskKey: 't',
    taskType: 'Retrieval',
    subset: 'default',
    split: 'test',
    mainScoreName: 'ndcg_at_10',
  } as const
  const config = { dimensions: null, precision: 'float32', similarity: 'cosine' } as const
  const data = { data: 'd', datasetRevision: 'r', limit: null, isShown: true, scoredAt: `2026-01-01T${10 + at}:00:00.000Z` }
  const mainScore = scores.reduce((sum, one) => sum + one, 0) / scores.length
  const derived = { recipe: { similarity: 'cosine', dimensions: 8 }, config, configKey: 'full' } as const
  return { group: at, ...row, ...task, ...data, ...derived, mainScore, perQuery, ...more }
}

function origin(more: Partial<CellsOrigin> = {}): CellsOrigin {
  const load = { engine: 'onnx', weights: 'w', dtype: 'float32', provider: 'cpu', options: {}, fingerprint: null } as const
  const where = { engines: ['onnx 1.1'], providers: ['cpu'], dtypes: ['float32'], devices: ['a cpu'], codes: ['c1'] }
  return { recipe: { query: { maxTokens: 512 } } as CellsOrigin['recipe'], load, ...where, ...more }
}

async function read(cells: readonly ModelCell[], origins: readonly CellsOrigin[] = [], limit = 100, text = 'mini') {
  const entry = { model: 'org/mini', revision: '4e42', task: 'T', split: 'test', datasetRevision: 'r', origin: 'f.json' }
  const imported: PublishedEntry[] = ['default', 'fr'].map((subset, id) => ({ ...entry, id, subset, mainScore: 0.5 - id / 10 }))
  const reader = {
    modelNames: () => ['local/mini', 'org/mini', 'org/other'],
    modelCells: (models: readonly string[], task: string | null = null) =>
      cells.filter((one) => models.includes(one.model) && (task === null || task === one.task)),
    publishedOf: (models: readonly string[], task: string | null = null) =>
      imported.filter((one) => models.includes(one.model) && (task === null || task === one.task)),
    cellsOrigin: ([group]: readonly number[]) => origins[group as number] ?? origin(),
    firstSweeps: (groups: readonly number[]): FirstSweep[] =>
      groups.map((group) => ({ group, configKey: 'full', id: `s${group}`, name: `sweep ${group}` })),
  }
  return judgeHistory(
    readHistory(reader as never, { model: text, task: 'T', limit }),
    async (digest) => files.get(digest) ?? null,
  )
}

const filled = (value: number) => Array<number>(20).fill(value)

describe('a history', () => {
  it('holds each result against the one before it, tests it over the queries, and names what changed', async () => {
    const cells = [
      cell(0, filled(0.5)),
      cell(1, [...filled(0.5).slice(1), 0.6]),
      cell(2, filled(0.25)),
      cell(3, filled(0.5), { data: 'e' }),
    ]
    const newer = { engines: ['onnx 1.2'], codes: ['c2'] }
    const recipe = { query: { maxTokens: 64 } } as CellsOrigin['recipe']
    const found = await read(cells.toReversed(), [origin(), origin(newer), origin({ recipe }), origin({ recipe })])
    expect(found).toMatchObject({ model: 'local/mini', task: 'T', mainScore: 'ndcg_at_10', total: 4 })
    expect(found.results.map(({ sweep }) => sweep?.name)).toEqual(['sweep 0', 'sweep 1', 'sweep 2', 'sweep 3'])
    const [first, second, third, fourth] = found.results.map(({ before }) => before)
    expect(first).toBeNull()
    // One query of 20 moved: half of all sign flips are as extreme as that, and the other half too: p = 1.
    expect(second).toMatchObject({ test: { wins: 1, ties: 19, losses: 0, p: 1 }, isBeyond: false, isVersionOnly: true })
    expect(second?.delta).toBeCloseTo(0.1 / 20, 12)
    expect(second?.changes).toEqual([
      { field: 'revision', from: 'rev0', to: 'rev1' },
      { field: 'engine version', from: 'onnx 1.1', to: 'onnx 1.2' },
      { field: 'code', from: 'c1', to: 'c2' },
    ])
    expect(third).toMatchObject({ test: { losses: 20 }, isBeyond: true, isVersionOnly: false })
    expect(third?.changes).toContainEqual({ field: 'recipe.query.maxTokens', from: '512', to: '64' })
    expect(fourth).toMatchObject({ delta: null, test: null, isBeyond: null, isVersionOnly: false })
  })

  it('keeps configs and limited data apart, shows the newest, and what was published of the model over our subsets', async () => {
    const short = { config: { dimensions: 4, precision: 'float32', similarity: 'cosine' }, configKey: 'short' } as const
    const cells = [
      cell(0, filled(0.5)),
      cell(1, filled(0.4), short),
      cell(2, filled(0.9), { limit: 5, data: 'few' }),
      cell(3, filled(0.45)),
    ]
    const found = await read(cells)
    expect(found.results.map(({ before }) => before?.at ?? null)).toEqual([null, null, null, cells[0]?.scoredAt])
    const newest = await read(cells, [], 1)
    expect(newest).toMatchObject({ total: 4, results: [{ ...found.results[3] }] })
    expect(found.published).toMatchObject([{ model: 'org/mini', revision: '4e42', score: 0.5, entryCount: 1, origin: 'f.json' }])
    const alone = await read([], [], 100, 'org/mini')
    expect(alone).toMatchObject({ total: 0, published: [{ score: 0.45, entryCount: 2 }] })
    const derived = await read(cells, [], 100, 'mini [4 dims]')
    expect(derived.results.map(({ name }) => name)).toEqual(['local/mini [4 dims]'])
  })

  it('of a model that is several or not there, or a task without results, is refused with the nearest name', async () => {
    const both = [cell(0, filled(0.5)), cell(1, filled(0.5), { model: 'org/other' })]
    await expect(read(both, [], 1, 'o')).rejects.toThrow(/SB-LEDGER-014.*\n {2}"local\/mini"\n {2}"org\/other"/)
    await expect(read(both, [], 1, 'nobody')).rejects.toThrow('SB-LEDGER-013')
    await expect(read([cell(0, filled(0.5), { task: 'TT' })], [], 1, 'org/other')).rejects.toThrow('SB-LEDGER-017')
    await expect(read([cell(0, filled(0.5), { task: 'TT', model: 'org/other' })], [], 1, 'other')).rejects.toThrow(
      'did you mean "TT"?',
    )
    await expect(read(both, [], 1, 'mini@zzz')).rejects.toThrow('SB-LEDGER-015')
    for (const limit of ['0', '-1', '1.5', 'x', '1001'])
      expect(() => parseHistoryQuery({ model: ['m'], task: ['t'], limit: [limit] })).toThrow('SB-SERVE-005')
    expect(parseHistoryQuery({ model: ['m'], task: ['t'] })).toEqual({ model: 'm', task: 't', limit: 100 })
  })
})
