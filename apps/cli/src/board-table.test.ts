import type { Leaderboard, LeaderboardRow } from '@sweepboard/results'
import { expect, it } from 'vitest'
import { showBoard } from './board-table.ts'
import { displayWidth } from './display-width.ts'

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
    types: { A: 'STS', B: 'Retrieval' },
    rows: [{ ...row('org/whole', 0.75), meanType: 0.6125 }],
  }
  const shown = showBoard(board, width)
  expect(shown.includes('Mean (TaskType)')).toBe(isShown)
  expect(shown.includes('0.6125')).toBe(isShown)
  expect(showBoard({ ...board, types: { A: 'STS', B: 'STS' } }, 200)).not.toContain('TaskType')
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

const ROW_NAMES = ['Qwen/Qwen3-Embedding-0.6B', 'Qwen/Qwen3-Embedding-4B', 'Qwen/Qwen3-Embedding-8B']
const LONG_TASKS = ['ArXivHierarchicalClusteringP2P', 'ArXivHierarchicalClusteringS2S', 'STS12']

it('names a similarity that is not of the recipe: two rows differ in nothing else', () => {
  const rows = [row('org/x', 0.75), { ...row('org/x', 0.5), otherSimilarity: 'dot' as const }]
  const shown = showBoard({ tasks: ['A'], mainScores: {}, types: {}, rows }, 100)
  expect(shown).toMatch(/org\/x +256 .*0\.7500/)
  expect(shown).toMatch(/org\/x \[dot\] +256 .*0\.5000/)
})

it.each([60, 80, 100])('shows tasks at %i columns, and tells rows and tasks apart', (width) => {
  const scores = Object.fromEntries(LONG_TASKS.map((task) => [task, 0.5]))
  const rows = ROW_NAMES.map((name) => ({ ...row(name, 0.5), variant: 'no instruction · top 20 by org/tiny', scores }))
  const types = { [LONG_TASKS[0] as string]: 'Clustering', [LONG_TASKS[1] as string]: 'Clustering', STS12: 'STS' }
  const [head = '', ...lines] = showBoard({ tasks: LONG_TASKS, mainScores: {}, types, rows }, width).split('\n')
  expect(Math.max(...[head, ...lines].map(displayWidth))).toBeLessThanOrEqual(width)
  expect(head).not.toContain('origin')
  expect(new Set(lines.slice(0, 3).map((line) => line.slice(3).replace(/ {2}.*$/, ''))).size).toBe(3)
  const heads = head
    .slice(head.indexOf('Mean (Task)') + 11)
    .trim()
    .split(/ {2,}/)
  expect(heads.length).toBeGreaterThanOrEqual(width < 80 ? 1 : 2)
  expect(new Set(heads).size).toBe(heads.length)
})

it('shows the origin where rows have several', () => {
  const rows = [row('org/x', 0.75), { ...row('org/y', 0.5), origin: 'published' as const, config: null }]
  expect(showBoard({ tasks: ['A'], mainScores: {}, types: {}, rows }, 80)).toContain('published')
})

it('gives a row that lacks a task its own mean, marked', () => {
  const shown = showBoard({ tasks: ['A', 'B'], mainScores: {}, types: {}, rows: [row('org/x', 0.75), row('org/half', null)] }, 80)
  expect(shown).toMatch(/· +org\/half .*\(0\.5000\) +0\.5000 +·/)
  expect(shown).toContain('\n(…) mean of the tasks the row has')
})

it('tells an undefined score from no result', () => {
  const rows = [{ ...row('org/x', null), scores: {}, undefinedTasks: ['A'] }]
  const shown = showBoard({ tasks: ['A', 'B'], mainScores: {}, types: {}, rows }, 80)
  expect(shown).toMatch(/org\/x .* · +undef +·/)
  expect(shown).toContain('\nundef: scored')
})
