import type { Leaderboard, LeaderboardRow } from '@sweepboard/results'
import { describe, expect, it } from 'vitest'
import { type BoardFilter, changedRows, choices, viewBoard } from './board-view.ts'
import { kindSentence } from './kind-view.ts'
import { sentence, sweepSentence } from './sentence.ts'

const EVERYTHING: BoardFilter = { find: '', origin: '', precision: '', dimensions: '' }

function row(model: string, given: Partial<LeaderboardRow>): LeaderboardRow {
  const config = { dimensions: null, precision: 'float32', similarity: 'cosine' } as const
  return {
    model,
    revision: '1',
    variant: '',
    config,
    fullDimensions: 256,
    isDefault: true,
    origin: 'ours',
    recipe: model,
    unclaimed: {},
    scores: {},
    mean: null,
    meanType: null,
    rank: null,
    ...given,
  }
}
const board: Leaderboard = {
  tasks: ['A', 'B'],
  mainScores: { A: 'ndcg_at_10', B: 'ndcg_at_10' },
  types: {},
  rows: [
    row('org/best', { scores: { A: 0.8, B: 0.7046 }, mean: 0.7523, rank: 1 }),
    row('org/best', {
      config: { dimensions: 128, precision: 'int8', similarity: 'cosine' },
      scores: { A: 0.8, B: 0.7 },
      mean: 0.75,
      rank: 2,
    }),
    row('org/second', { origin: 'published', config: null, scores: { A: 0.7, B: 0.7 }, mean: 0.7, rank: 3 }),
    row('org/half', { scores: { A: 0.9 } }),
  ],
}

describe('sentence', () => {
  it('tells rows apart by a similarity that is not of the recipe, beside a variant too', () => {
    const config = { dimensions: null, precision: 'float32', similarity: 'dot' } as const
    const dot = { variant: 'no instruction', config, otherSimilarity: 'dot' as const, isDefault: false }
    const rows = [
      row('org/best', { ...dot, scores: { A: 0.8, B: 0.8 }, mean: 0.8, rank: 1 }),
      row('org/best', { variant: 'no instruction', isDefault: false, scores: { A: 0.7, B: 0.7 }, mean: 0.7, rank: 2 }),
    ]
    const view = viewBoard({ ...board, rows }, EVERYTHING)
    expect(view.ranked.map(({ details }) => details)).toEqual(['dot', ''])
    expect(sentence(view).text).toMatch(/^best \(no instruction, dot\) leads with 0\.8000/)
  })

  it('names the leader, the next model and what the ranks rest on, with the numbers of the table', () => {
    const { text, parts } = sentence(viewBoard(board, EVERYTHING))
    expect(text).toBe(
      'best leads with 0.7523, mean over 2 tasks. Next model: second (published), −0.0523; no interval was computed. 3 of 4 rows have all 2 tasks.',
    )
    expect(parts.filter((part) => part.isFact).map((part) => part.text)).toEqual([
      'best',
      '0.7523',
      'second',
      '−0.0523',
      '3',
      '4 rows',
      '2 tasks',
    ])
  })
  it('follows the filter, and says when it leaves one row or none', () => {
    expect(sentence(viewBoard(board, { ...EVERYTHING, precision: 'int8' })).text).toBe(
      'best (128 dimensions, int8) has 0.7500, mean over 2 tasks. One row: nothing to compare it with.',
    )
    expect(sentence(viewBoard(board, { ...EVERYTHING, find: 'nobody' })).text).toBe('None of 4 rows matches the filter.')
    expect(sentence(viewBoard(board, { ...EVERYTHING, find: 'HALF' })).text).toContain('No row has all 2 tasks')
    expect(sentence(viewBoard({ ...board, rows: [] }, EVERYTHING)).text).toBe('Nothing is scored yet.')
  })
  it('shows direction characters and cuts endless names', () => {
    const hostile = { ...board, rows: [row(`evil/\u202e${'x'.repeat(300)}`, { mean: 0.5, rank: 1, scores: { A: 0.5, B: 0.5 } })] }
    const { text } = sentence(viewBoard(hostile, EVERYTHING))
    expect(text).toMatch(/^‹U\+202E›x+… has 0\.5000/)
    expect(text.length).toBeLessThan(160)
  })
})

describe('board view', () => {
  it('keeps ranks of the whole board and puts rows lacking a task apart', () => {
    const view = viewBoard(board, { ...EVERYTHING, origin: 'published' })
    expect(view.ranked.map((one) => one.rank)).toEqual([3])
    expect(viewBoard(board, EVERYTHING).incomplete.map((one) => one.model)).toEqual(['org/half'])
  })
  it('spans the colour scale over ranked rows only', () => {
    const random = row('mteb/baseline-random-encoder', { scores: { A: 0.1, B: 0.1 }, mean: 0.1, rank: 4 })
    const view = viewBoard({ ...board, rows: [...board.rows, random] }, EVERYTHING)
    expect(view.ranges.get('A')).toEqual({ low: 0.7, high: 0.8 })
  })
  it('offers the values that occur and counts what changed', () => {
    expect(choices(board)).toEqual({ precisions: ['float32', 'int8'], dimensions: ['full', '128'] })
    expect(changedRows(board, board)).toBe(0)
    expect(changedRows(board, { ...board, rows: board.rows.slice(1) })).toBe(4)
  })
})

describe('sweep sentence', () => {
  const sweep = {
    state: 'running',
    runMs: 61_000,
    budget: { sweepMs: null },
    cells: { scored: 138, failed: 2, total: 246 },
    tasks: { prepared: 1, failed: 0, total: 1 },
  }
  it('says how far, how fast and until when', () => {
    const at = new Date(2026, 0, 1, 14, 45)
    expect(sweepSentence({ ...sweep, tokensPerSecond: 37900, etaSeconds: 1800 }, at).text).toBe(
      '138 of 246 cells scored. 2 failed. 37\u2009900 tokens/s. Done about 15:15, in 30 min 00 s.',
    )
    expect(sweepSentence({ ...sweep, tokensPerSecond: null, etaSeconds: null }, at).text).toContain('No rate measured yet.')
    expect(sweepSentence({ ...sweep, state: 'cancelled', tokensPerSecond: 1, etaSeconds: null }, at).text).toBe(
      '138 of 246 cells scored. 2 failed. Cancelled: what was scored stays.',
    )
    const stopped = { ...sweep, state: 'cancelled', budget: { sweepMs: 60_000 }, tokensPerSecond: 1, etaSeconds: null }
    expect(sweepSentence(stopped, at).text).toBe(
      '138 of 246 cells scored. 2 failed. Stopped by its budget: it ran 1 min 01 s of 1 min 00 s. What was scored stays.',
    )
    expect(sweepSentence({ ...stopped, runMs: 60_000 }, at).text).toContain('Cancelled')
  })
})

describe('kindSentence', () => {
  it('names what tells the best row from others of its model', () => {
    const all = { queryCount: 8, rates: [{ rate: 0.5, low: 0.2, high: 0.8 }] }
    const config = { dimensions: null, precision: 'binary', similarity: 'cosine' } as const
    const place = { revision: 'r', fullDimensions: 256, subset: 'default', split: 'test', limit: null }
    const best = { ...place, model: 'org/best', variant: 'no instruction', config, kinds: [], all }
    const { text } = kindSentence({ task: 'T', cutoffs: [1], confidence: 0.95, rows: [best as never] }, 0)
    expect(text).toMatch(/^best \(no instruction, binary\) finds a right document among the first 1 for 50 %/)
  })
})
