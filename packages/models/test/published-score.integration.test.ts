import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { PUBLISHED_SCORES, SHARED, withMiniLm } from './published-score.ts'

/** SciFact's 5,183 documents take minutes: benchmarks/encode/published.ts measures it. */
const SHORT = PUBLISHED_SCORES.filter(({ task }) => ['AILAStatutes', 'XQuADRetrieval en', 'STSBenchmark'].includes(task))

describe.skipIf(!existsSync(new URL('models/all-MiniLM-L6-v2', SHARED)))(
  'all-MiniLM-L6-v2, published scores (skipped without ../shared/models)',
  () => {
    it.each(SHORT)('$task: $published within 0.001', async ({ published, measure }) => {
      const score = await withMiniLm(2, measure)
      expect(Math.abs(score - published)).toBeLessThan(0.001)
    })
  },
)
