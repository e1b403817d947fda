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
  rank: mean === null ? null : 1,
})

it.each([60, 80, 120])('says which mean it shows, and fits %i columns', (width) => {
  const board: Leaderboard = { tasks: ['A', 'B'], mainScores: {}, rows: [row('org/whole', 0.75), row('org/half', null)] }
  const shown = showBoard(board, width).split('\n')
  expect(shown[0]).toContain('Mean (Task)')
  expect(shown.filter((line) => line.length > width)).toEqual([])
  expect(shown.find((line) => line.includes('org/whole'))).toContain('0.7500')
})
