import { describe, expect, it } from 'vitest'
import { type BatchTarget, runBatches } from './onnx-batch.ts'

const LIMITS = { paddedTokens: 2048, batchTexts: Number.POSITIVE_INFINITY }

/** Texts of ten tokens on a device that holds so many rows at once. */
function target(texts: number, rowsThatFit: number): BatchTarget & { written: number[] } {
  const written: number[] = []
  return {
    written,
    texts: Array.from({ length: texts }, () => ({
      ids: Array.from({ length: 10 }, () => 1),
      isTruncated: false,
      controlCount: 0,
    })),
    write: async (rows) => {
      if (rows.length > rowsThatFit) throw new Error('Failed to allocate memory for requested buffer')
      written.push(...rows)
    },
    isFinite: () => true,
    canary: async () => undefined,
  }
}

describe('batches for which memory runs out', () => {
  it('are halved until they fit, each text once, and the halvings counted apart from those of a budget', async () => {
    const tight = target(16, 4)
    expect(await runBatches(tight, LIMITS, {})).toMatchObject({ batchCount: 1, splitCount: 3, memorySplitCount: 3 })
    expect(tight.written.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, i) => i))
    const cut = await runBatches(target(16, 4), LIMITS, { tokenBudget: 40 })
    expect(cut).toMatchObject({ batchCount: 4, splitCount: 3, memorySplitCount: 0 })
  })

  it('name the text that does not fit alone', async () => {
    await expect(runBatches(target(1, 0), LIMITS, {})).rejects.toMatchObject({
      code: 'SB-MODEL-010',
      details: { text: 0, tokens: 10 },
    })
  })
})
