import { describe, expect, it } from 'vitest'
import { nestEntry, scoreInstructionReranking } from '../src/index.ts'
import { type Entry, expectEntry, goldenIsThere, readGolden } from './golden-file.ts'

interface FollowIrCase {
  readonly qrels: [string, [string, number][]][]
  readonly run: [string, [string, number][]][]
  readonly qrelDiff: Record<string, string[]>
  readonly expected: { pMrrUnrounded: number; entry: Record<string, number | Entry> }
}

describe.skipIf(!goldenIsThere)('golden/evaluators/reranking/followir-* (skipped without ../shared)', () => {
  it.each(['followir-hand', 'followir-realistic'])('%s: p-MRR and both halves, every key exact', (name) => {
    const golden = readGolden<FollowIrCase>(`reranking/${name}.json`)
    const qrels = new Map(golden.qrels)
    const ours = scoreInstructionReranking({
      queryIds: golden.run.map(([id]) => id),
      qrels: golden.run.map(([id]) => new Map(qrels.get(id))),
      runs: golden.run.map(([, pairs]) => ({
        documentIds: pairs.map(([id]) => id),
        scores: Float64Array.from(pairs, ([, score]) => score),
      })),
      changed: new Map(Object.entries(golden.qrelDiff)),
    })
    expect(Math.abs((ours.unrounded['p-MRR'] ?? Number.NaN) - golden.expected.pMrrUnrounded)).toBeLessThanOrEqual(1e-12)
    const { og, changed, 'p-MRR': value, ...rest } = nestEntry(ours.metrics)
    expect(rest).toEqual({})
    expect(value).toBe(golden.expected.entry['p-MRR'])
    expectEntry(og as Record<string, number | null>, golden.expected.entry.og as Entry)
    expectEntry(changed as Record<string, number | null>, golden.expected.entry.changed as Entry)
  })
})
