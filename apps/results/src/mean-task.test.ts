import { describe, expect, it } from 'vitest'
import { findAggregate } from './aggregate-tasks.ts'
import { addScore, meanTask, meanTaskType, type TaskSums, typesOf } from './mean-task.ts'

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
    expect(meanTask(sums, ['A', 'B'])).toEqual({ scores: { B: 0.8 }, undefinedTasks: ['A'], scoreCount: 1, mean: null })
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

describe('Mean (TaskType)', () => {
  const types = { A: 'Retrieval', B: 'Retrieval', C: 'STS', D: 'InstructionReranking', E: 'Reranking' }

  it('counts each type once, whatever its tasks; instruction reranking is a type of its own', () => {
    const scores = { A: 0.2, B: 0.4, C: 0.8, D: -0.1, E: 0.5 }
    expect(meanTaskType(scores, ['A', 'B', 'C'], types)).toBeCloseTo(0.55, 12)
    expect(meanTaskType(scores, ['A', 'B', 'C', 'D', 'E'], types)).toBeCloseTo((0.3 + 0.8 - 0.1 + 0.5) / 4, 12)
    expect(meanTaskType(scores, ['A'], types)).toBe(0.2)
  })

  it('is none where a task is missing or of unknown type, and without tasks', () => {
    expect(meanTaskType({ A: 0.2 }, ['A', 'C'], types)).toBeNull()
    expect(meanTaskType({ A: 0.2, X: 0.3 }, ['A', 'X'], types)).toBeNull()
    expect(meanTaskType({}, [], types)).toBeNull()
  })

  it('takes the type of the data that was read before that of the catalog', () => {
    const read = [{ task: 'Mine', taskType: 'STS' } as const, { task: 'SciFact', taskType: 'Reranking' } as const]
    expect(typesOf(['Mine', 'SciFact', 'STS12', 'Nowhere'], read)).toEqual({ Mine: 'STS', SciFact: 'Reranking', STS12: 'STS' })
    expect(typesOf(['CQADupstackRetrieval'], [])).toEqual({ CQADupstackRetrieval: 'Retrieval' })
  })
})
