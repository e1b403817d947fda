import { describe, expect, it } from 'vitest'
import { scoreBitext } from './bitext.ts'

describe('scoreBitext', () => {
  it('weighs each index by how often it is gold', () => {
    // index 0: found 2, right 1; index 1: never found; index 2: right; index 7: found, never gold
    const { metrics } = scoreBitext({ gold: [0, 0, 1, 2], predicted: [0, 7, 0, 2] })
    expect(metrics).toEqual({ precision: 0.5, recall: 0.5, f1: 0.5, accuracy: 0.5 })
  })

  it('is undefined without a sentence and refuses lists of different length', () => {
    expect(scoreBitext({ gold: [], predicted: [] }).metrics).toEqual({ precision: null, recall: null, f1: null, accuracy: null })
    expect(() => scoreBitext({ gold: [1], predicted: [] })).toThrow('1 gold indices but 0 predictions')
  })
})
