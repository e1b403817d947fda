import { writePerQuery } from '@sweepboard/scoring'
import { describe, expect, it } from 'vitest'
import { comparePairing } from './comparison.ts'
import type { PairedRow, PairedTask, Pairing } from './pairing.ts'

const files = new Map<string, Uint8Array>()
const row = (name: string, origin: 'ours' | 'published' = 'ours'): PairedRow => ({
  ...{ name, model: name, revision: '1', variant: '', config: null, fullDimensions: null, origin, recipe: null },
})

/** A side of an entry whose scores by query are stored. */
function side(scores: readonly number[], digest: string | null = `file ${files.size}`) {
  if (digest !== null) {
    const queryIds = scores.map((_, i) => `q${i}`)
    files.set(digest, writePerQuery({ queryIds, values: { ndcg_at_10: Float64Array.from(scores) } }))
  }
  return { score: scores.reduce((sum, one) => sum + one, 0) / scores.length, perQuery: digest }
}

type Sides = Pick<PairedTask['entries'][number], 'a' | 'b'>

function task(name: string, subsets: readonly Sides[], more: Partial<PairedTask> = {}): PairedTask {
  const share = 1 / subsets.length
  const entries = subsets.map((sides, i) => {
    return { task: name, subset: `s${i}`, split: 'test', mainScoreName: 'ndcg_at_10', share, ...sides }
  })
  const mean = (of: 'a' | 'b') => entries.reduce((sum, entry) => sum + share * entry[of].score, 0)
  return {
    task: name,
    mainScore: 'ndcg_at_10',
    a: mean('a'),
    b: mean('b'),
    isSameData: true,
    entryCount: entries.length,
    entries,
    ...more,
  }
}

function compare(tasks: readonly PairedTask[], more: Partial<Pairing> = {}) {
  const pairing = { a: row('one'), b: row('other'), tasks: [...tasks], leftOut: [], ...more }
  return comparePairing(pairing, async (digest) => files.get(digest) ?? null)
}

const filled = (length: number, value: number) => Array<number>(length).fill(value)

describe('two rows', () => {
  it('are told apart by their queries, as can be counted by hand', async () => {
    // Differences 1, 1, 1, 1, 0: of 32 sign assignments the 4 with all four ones alike are as extreme: p = 4/32.
    const few = await compare([task('T', [{ a: side([1, 1, 1, 1, 0]), b: side([0, 0, 0, 0, 0]) }])])
    expect(few.tasks[0]?.test).toMatchObject({ queryCount: 5, wins: 4, ties: 1, losses: 0 })
    expect(few.tasks[0]?.test?.p).toBeCloseTo(4 / 32, 2)
    expect(few.tasks[0]?.delta).toBe(0.8)
    expect(few.sentence).toMatch(/^It cannot be told which is better on T: A − B is \+0\.8000 ndcg_at_10 \(95 %: /)
    const many = await compare([task('T', [{ a: side(filled(20, 0.25)), b: side(filled(20, 0.5)) }])])
    expect(many.sentence).toBe(
      'B is better on T: A − B is −0.2500 ndcg_at_10 (95 %: −0.250 to −0.250, p < 0.001). A wins 0, loses 20, ties 0 of 20 queries.',
    )
  })

  it('over tasks and subsets each count by their share; tasks by Holm', async () => {
    const [up, down, noise] = [filled(20, 0.1), filled(200, -0.1), [0.3, -0.3, 0.2, -0.2]]
    const zeros = (like: readonly number[]) => side(filled(like.length, 0))
    const both = task('Both', [
      { a: side(up), b: zeros(up) },
      { a: side(down), b: zeros(down) },
    ])
    const found = await compare([
      both,
      task('Up', [{ a: side(up), b: zeros(up) }]),
      task('Noise', [{ a: side(noise), b: zeros(noise) }]),
    ])
    for (const [i, delta] of [0, 0.1, 0].entries()) expect(found.tasks[i]?.delta).toBeCloseTo(delta, 12)
    expect(found.tasks[0]?.test?.interval.low).toBeCloseTo(0, 12)
    expect(found.tasks[1]?.pHolm).toBeCloseTo((found.tasks[1]?.test?.p ?? 0) * 3, 12)
    expect(found.mean.delta).toBeCloseTo(0.1 / 3, 12)
    expect(found.mean.test).toMatchObject({ queryCount: 244, wins: 42, losses: 202 })
    expect(found.sentence).toContain('Task by task (Holm, p ≤ 0.05, 3 tested) A is better on Up, B is better on none.')
  })

  it('without scores by query differ by a number, and it is said that more is not known', async () => {
    const sides = { a: side([0.5, 0.7], null), b: side([0.1, 0.1]) }
    const published = await compare([task('T', [sides])], { a: row('theirs', 'published') })
    expect(published.tasks[0]).toMatchObject({ test: null, pHolm: null, untested: 'published scores are not stored by query' })
    expect(published.sentence).toBe(
      'A has the higher ndcg_at_10 on T, by +0.5000; whether that is chance cannot be said: published scores are not stored by query.',
    )
    const gone = await compare([task('T', [{ a: { score: 0.1, perQuery: 'collected' }, b: sides.b }]), task('U', [sides])])
    expect(gone.tasks[0]?.untested).toBe('no scores by query are stored of both')
    // A main score that is no mean of the stored scores has no interval of theirs.
    const other = await compare([task('T', [{ a: side([0.2, 0.4]), b: side([0.1, 0.1]) }], { a: 0.9 })])
    expect(other.tasks[0]).toMatchObject({ delta: 0.8, test: null, untested: 'its main score is no mean over queries' })
  })
})
