import type { BoardCell } from '@sweepboard/ledger'
import { describe, expect, it } from 'vitest'
import { findAggregate } from './aggregate-tasks.ts'
import { buildLeaderboard, type PublishedSource, scorePublished } from './leaderboard.ts'
import type { PublishedLookup } from './published-index.ts'

const cell = (model: string, task: string, mainScore: number | null, over: Partial<BoardCell> = {}): BoardCell =>
  ({
    group: 1,
    model,
    revision: 'r',
    variant: '',
    recipeVariant: '',
    recipeKey: model,
    unclaimed: [],
    recipe: { similarity: 'cosine', dimensions: 256 },
    task,
    subset: 'default',
    split: 'test',
    mainScoreName: 'ndcg_at_10',
    configKey: 'full',
    config: { dimensions: null, precision: 'float32', similarity: 'cosine' },
    mainScore,
    ...over,
  }) as unknown as BoardCell
interface TestRow {
  readonly model: string
  readonly task: string
  readonly score: number | null
  readonly subset: string
}
const row = (model: string, task: string, score: number | null, subset = 'default'): TestRow => ({ model, task, score, subset })
const named = ({ model, score }: TestRow, id: number) => ({ id, model, revision: 'p', score })
/** Imported files of one entry each, or of several where a task has several rows of a model. */
function lookup(rows: readonly TestRow[]): PublishedSource {
  const scores: PublishedLookup = {
    means: (task) => rows.filter((one) => one.task === task).map(named),
    entries: ({ task, subset }) => rows.filter((one) => one.task === task && one.subset === subset).map(named),
  }
  return { tasks: () => rows.map(({ task }) => task), rows: (tasks, entries) => scorePublished(scores, tasks, entries) }
}
const ALL = null

describe('buildLeaderboard', () => {
  it('says which similarity is not of the recipe, and which scores are undefined', () => {
    const dot = { configKey: 'dot', config: { dimensions: null, precision: 'float32', similarity: 'dot' } as const }
    const { rows } = buildLeaderboard([cell('a', 't', 0.5), cell('a', 't', null, dot)], null, ALL)
    expect(rows.map(({ otherSimilarity, undefinedTasks }) => [otherSimilarity, undefinedTasks])).toEqual([
      [undefined, undefined],
      ['dot', ['t']],
    ])
  })

  it('averages tasks, shares a rank among equals and puts incomplete rows last, unranked', () => {
    const cells = [
      cell('a', 't', 0.5),
      cell('a', 'u', 0.7),
      cell('b', 't', 0.6),
      cell('b', 'u', 0.6),
      cell('c', 't', 0.9),
      cell('d', 't', 0.1),
      cell('d', 'u', 0.1),
    ]
    const board = buildLeaderboard(cells, null, ALL)
    expect(board.tasks).toEqual(['t', 'u'])
    expect(board.mainScores).toEqual({ t: 'ndcg_at_10', u: 'ndcg_at_10' })
    expect(board.rows.map(({ model, rank }) => [model, rank])).toEqual([
      ['a', 1],
      ['b', 1],
      ['d', 3],
      ['c', null],
    ])
    expect(board.rows[0]?.mean).toBeCloseTo(0.6, 12)
  })

  it('has the mean over types beside that over tasks, of rows that have every task', () => {
    const cells = [
      cell('a', 'SciFact', 0.4, { taskType: 'Retrieval' }),
      cell('a', 'NFCorpus', 0.6, { taskType: 'Retrieval' }),
      cell('a', 'STS12', 0.9, { taskType: 'STS' }),
      cell('b', 'STS12', 0.9, { taskType: 'STS' }),
    ]
    const published = lookup([row('p', 'SciFact', 0.1), row('p', 'NFCorpus', 0.3), row('p', 'STS12', 0.8)])
    const board = buildLeaderboard(cells, published, ALL)
    expect(board.types).toEqual({ NFCorpus: 'Retrieval', STS12: 'STS', SciFact: 'Retrieval' })
    expect(board.rows.map(({ model, mean, meanType }) => [model, mean, meanType])).toEqual([
      ['a', expect.closeTo(1.9 / 3, 12), expect.closeTo(0.7, 12)],
      ['p', expect.closeTo(0.4, 12), expect.closeTo(0.5, 12)],
      ['b', null, null],
    ])
  })

  it('takes a task as the flat mean over its subsets; an undefined score makes it missing', () => {
    const board = buildLeaderboard(
      [
        cell('a', 't', 0.2, { subset: 'en' }),
        cell('a', 't', 0.4, { subset: 'de' }),
        cell('b', 't', null),
        cell('b', 't', 0.9, { subset: 'de' }),
      ],
      null,
      ALL,
    )
    expect(board.rows[0]).toMatchObject({ model: 'a', rank: 1 })
    expect(board.rows[0]?.scores.t).toBeCloseTo(0.3, 12)
    expect(board.rows[1]).toMatchObject({ model: 'b', rank: null, scores: {}, mean: null })
  })

  it('shows an aggregate task as the mean of its components, once all of them are there', () => {
    const components = findAggregate('CQADupstackRetrieval')?.components ?? []
    expect(components).toHaveLength(12)
    const whole = components.map((task, i) => cell('a', task, i / 20))
    const board = buildLeaderboard(
      [...whole, ...whole.slice(1).map((one) => ({ ...one, model: 'b', recipeKey: 'b' }))],
      null,
      ALL,
    )
    expect(board.tasks).toEqual(['CQADupstackRetrieval'])
    expect(board.mainScores.CQADupstackRetrieval).toBe('ndcg_at_10')
    expect(board.rows.map(({ model, rank }) => [model, rank])).toEqual([
      ['a', 1],
      ['b', null],
    ])
    expect(board.rows[0]?.mean).toBeCloseTo(5.5 / 20, 12)
    expect(board.rows[1]?.scores).toEqual({})
    expect(buildLeaderboard(whole.slice(1), null, ALL).tasks).toEqual(components.slice(1).toSorted())
    expect(buildLeaderboard(whole, null, [components[3] as string]).rows[0]?.mean).toBe(3 / 20)
    const published = lookup([row('p', 'CQADupstackRetrieval', 0.9)])
    expect(buildLeaderboard(whole, published, ALL).rows.map(({ model, mean }) => [model, mean])).toEqual([
      ['p', 0.9],
      ['a', expect.closeTo(5.5 / 20, 12)],
    ])
  })

  it('names the languages a model does not claim, by task', () => {
    const cells = [cell('a', 't', 0.5, { unclaimed: ['cmn-Hans'] }), cell('a', 'u', 0.7)]
    expect(buildLeaderboard(cells, null, ALL).rows[0]?.unclaimed).toEqual({ t: ['cmn-Hans'] })
  })

  it('keeps configs and recipes apart, and says how long a full vector is', () => {
    const small = {
      configKey: '64',
      config: { dimensions: 64, precision: 'float32', similarity: 'cosine' },
    } as Partial<BoardCell>
    const board = buildLeaderboard(
      [cell('a', 't', 0.5), cell('a', 't', 0.4, small), cell('a', 't', 0.3, { variant: 'no instruction' })],
      null,
      ALL,
    )
    expect(board.rows.map(({ isDefault, mean }) => [isDefault, mean])).toEqual([
      [true, 0.5],
      [false, 0.4],
      [false, 0.3],
    ])
    expect(board.rows.map(({ fullDimensions }) => fullDimensions)).toEqual([256, 256, 256])
  })

  it('sets published rows beside ours over the subsets we scored, and not where one of them is missing', () => {
    const ours = [cell('a', 't', 0.5, { subset: 'en' }), cell('a', 't', 0.5, { subset: 'de' })]
    const published = [
      row('p', 't', 0.8, 'en'),
      row('p', 't', 0.6, 'de'),
      row('p', 't', 0.1, 'ar'),
      row('q', 't', 0.99, 'en'),
      row('p', 'other', 0.9),
    ]
    const board = buildLeaderboard(ours, lookup(published), ALL)
    expect(board.tasks).toEqual(['t'])
    expect(board.rows.map(({ model, origin }) => [model, origin])).toEqual([
      ['p', 'published'],
      ['a', 'ours'],
    ])
    expect(board.rows[0]?.mean).toBeCloseTo(0.7, 12)
  })

  it('shows published rows alone on an empty ledger, and only the tasks asked for', () => {
    const published = [row('p', 't', 0.8), row('p', 'u', 0.6)]
    expect(buildLeaderboard([], lookup(published), ALL).tasks).toEqual(['t', 'u'])
    expect(buildLeaderboard([], lookup(published), ['u']).rows[0]?.scores).toEqual({ u: 0.6 })
    expect(buildLeaderboard([], null, ALL)).toEqual({ tasks: [], mainScores: {}, types: {}, rows: [] })
  })
})
