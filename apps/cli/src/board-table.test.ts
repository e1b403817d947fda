import type { Leaderboard, LeaderboardRow } from '@sweepboard/results'
import { expect, it } from 'vitest'
import { showBoard } from './board-table.ts'

const row = (model: string, mean: number | null): LeaderboardRow => ({
  model,
  revision: '1',
  variant: '',
  config: { dimensions: null, precision: 'float32', similarity: 'cosine' },
  fullDimensions: 256,
  isDefault: true,
  origin: 'ours',
  recipe: model,
  unclaimed: {},
  scores: mean === null ? { A: 0.5 } : { A: mean, B: mean },
  mean,
  meanType: mean,
  rank: mean === null ? null : 1,
})

it.each([60, 80, 120])('says which mean it shows, and fits %i columns', (width) => {
  const board: Leaderboard = {
    tasks: ['A', 'B'],
    mainScores: {},
    types: {},
    rows: [row('org/whole', 0.75), row('org/half', null)],
  }
  const shown = showBoard(board, width).split('\n')
  expect(shown[0]).toContain('Mean (Task)')
  expect(shown.filter((line) => line.length > width)).toEqual([])
  expect(shown.find((line) => line.includes('org/whole'))).toContain('0.7500')
})

it.each([
  [120, true],
  [60, false],
])('shows the mean over types beside it where there is room: at %i columns', (width, isShown) => {
  const board: Leaderboard = {
    tasks: ['A', 'B'],
    mainScores: {},
    types: {},
    rows: [{ ...row('org/whole', 0.75), meanType: 0.6125 }],
  }
  const shown = showBoard(board, width)
  expect(shown.includes('Mean (TaskType)')).toBe(isShown)
  expect(shown.includes('0.6125')).toBe(isShown)
  expect(showBoard({ ...board, tasks: ['A'] }, 200)).not.toContain('TaskType')
})

it('gives a row without vectors neither length nor number type, and asks where a published one does not say', () => {
  const rows = [
    row('org/dense', 0.75),
    { ...row('mteb/baseline-bm25s', 0.5), fullDimensions: null },
    { ...row('org/published', 0.25), config: null, fullDimensions: null },
  ]
  const shown = showBoard({ tasks: ['A'], mainScores: {}, types: {}, rows }, 120).split('\n')
  const cellsOf = (name: string) =>
    shown
      .find((line) => line.includes(name))
      ?.split(/\s+/)
      .slice(2, 4)
  expect(['dense', 'bm25s', 'published'].map(cellsOf)).toEqual([
    ['256', 'float32'],
    ['–', '–'],
    ['?', '?'],
  ])
})

it('tells rows apart that differ in nothing shown', () => {
  const rows = [row('org/x', 0.75), { ...row('org/x', 0.5), recipe: 'd1e2f3a4' }]
  const shown = showBoard(
    { tasks: ['A'], mainScores: {}, types: {}, rows: [{ ...rows[0], recipe: 'a1b2c3d4' }, rows[1]] as never },
    120,
  )
  expect(shown).toMatch(/org\/x#a1b2c3d .*0\.7500/)
  expect(shown).toMatch(/org\/x#d1e2f3a .*0\.5000/)
})
