import { describe, expect, it } from 'vitest'
import { findAggregate } from './aggregate-tasks.ts'
import { addScore, meanTask, type TaskSums } from './mean-task.ts'

function sumsOf(scores: readonly (readonly [task: string, score: number | null])[]): TaskSums {
  const sums: TaskSums = new Map()
  for (const [task, score] of scores) addScore(sums, task, score)
  return sums
}

describe('Mean (Task)', () => {
  it('counts each task once, whatever its subsets: not the flat mean over all entries', () => {
    const sums = sumsOf([
      ['A', 0.2],
      ['A', 0.4],
      ['A', 0.6],
      ['B', 0.8],
    ])
    const { scores, mean } = meanTask(sums, ['A', 'B'])
    expect(scores.A).toBeCloseTo(0.4, 12)
    expect(mean).toBeCloseTo(0.6, 12)
  })

  it('is none where a task is missing, or one of its entries is undefined', () => {
    const sums = sumsOf([
      ['A', 0.2],
      ['A', null],
      ['B', 0.8],
    ])
    expect(meanTask(sums, ['A', 'B'])).toEqual({ scores: { B: 0.8 }, scoreCount: 1, mean: null })
    expect(meanTask(sums, ['B', 'C']).mean).toBeNull()
    expect(meanTask(new Map(), []).mean).toBeNull()
  })

  it('counts an aggregate as one task, over its components', () => {
    const { components = [] } = findAggregate('CQADupstackRetrieval') ?? {}
    expect(components.length).toBeGreaterThan(1)
    const sums = sumsOf([...components.map((name) => [name, 0.4] as const), ['B', 0.8]])
    expect(meanTask(sums, ['CQADupstackRetrieval', 'B']).mean).toBeCloseTo(0.6, 12)
  })
})
