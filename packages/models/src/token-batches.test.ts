import { describe, expect, it } from 'vitest'
import { BATCH_PADDED_TOKENS, cutBatch, planBatches } from './token-batches.ts'

/** Deterministic lengths between 1 and `most`. */
const lengthsOf = (count: number, most: number) => Array.from({ length: count }, (_, i) => 1 + ((i * 7919 + 13) % most))
const padded = (batch: readonly number[], lengths: readonly number[]) =>
  batch.length * Math.max(...batch.map((i) => lengths[i] as number))

describe('planBatches', () => {
  it.each([
    [1, 5],
    [1024, 40],
    [170, 512],
    [30, 8192],
  ])('names each of %i texts once, longest first, within the budget (up to %i tokens)', (count, most) => {
    const lengths = lengthsOf(count, most)
    const batches = planBatches(lengths)
    expect(batches.flat().sort((a, b) => a - b)).toEqual(lengths.map((_, i) => i))
    const flat = batches.flat().map((i) => lengths[i] as number)
    expect(flat).toEqual(flat.toSorted((a, b) => b - a))
    for (const batch of batches) expect(batch.length === 1 || padded(batch, lengths) <= BATCH_PADDED_TOKENS).toBe(true)
  })

  it('keeps padding low where texts are many', () => {
    const lengths = lengthsOf(1024, 300)
    const total = planBatches(lengths).reduce((sum, batch) => sum + padded(batch, lengths), 0)
    expect(lengths.reduce((a, b) => a + b) / total).toBeGreaterThan(0.95)
  })

  it('keeps equal lengths in input order and obeys a limit of texts', () => {
    expect(planBatches([3, 3, 5, 3], 2)).toEqual([
      [2, 0],
      [1, 3],
    ])
    expect(planBatches([])).toEqual([])
  })
})

it('cutBatch cuts by budget, at least one text a piece', () => {
  expect(cutBatch([0, 1, 2, 3], [8, 4, 4, 4], 8)).toEqual([[0], [1, 2], [3]])
  expect(cutBatch([0, 1], [100, 100], 8)).toEqual([[0], [1]])
})
