import { sha256 } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import type { Ledger } from '../src/index.ts'
import { child, encoded, leasePairs, pairSet, parent, R } from './child-fixture.ts'
import { claimOf, commitAll, endOf, FULL, leaseAll, SHORT, scoreNext, submit } from './fixture.ts'

const GONE = { code: 'SB-ART-001', message: 'gone', fix: '' }
const isNot = (name: string) => (digest: string) => digest !== sha256(name)

/** What is wanted of a child group that was re-ordered down to 20: down to 50. */
function deeper() {
  const planned = child(parent, FULL)
  const stage = { model: R.model, revision: '1', tail: 'append' as const, depth: 50 }
  return {
    ...planned,
    rerank: planned.rerank && { ...planned.rerank, depth: 50 },
    configs: [...planned.configs, { ...FULL, rerank: stage }],
  }
}

/** One child group whose pairs (one chunk, named `pairs`) are found and, with `isScored`, scored. */
function paired(isScored: boolean): Ledger {
  const ledger = encoded([parent, child(parent, FULL)])
  scoreNext(ledger, 's1', 0.5)
  ledger.end(endOf(ledger, leasePairs(ledger).lease, { pairSet: pairSet('pairs', 1) }), () => true)
  if (isScored) commitAll(ledger, leaseAll(ledger, 's1', R))
  return ledger
}

describe('pair sets', () => {
  it('are looked for by one lease of a family at a time, so that none is found twice', () => {
    const ledger = encoded([parent, child(parent, FULL)])
    scoreNext(ledger, 's1', 0.5)
    const first = leasePairs(ledger)
    submit(ledger, 's2', [parent, child(parent, SHORT)])
    expect(ledger.unpairedGroups('s2', 9)).toEqual([])
    ledger.end(endOf(ledger, first.lease, { pairSet: pairSet('pairs', 1) }), () => true)
    expect(leasePairs(ledger, 's2').work.known).toEqual([sha256('pairs')])
  })

  it('found for a smaller depth do not serve a child that is wanted deeper meanwhile', () => {
    const ledger = encoded([parent, child(parent, FULL)])
    scoreNext(ledger, 's1', 0.5)
    const { lease } = leasePairs(ledger)
    submit(ledger, 's2', [parent, deeper()])
    expect(ledger.lease(lease)).toBeUndefined()
    ledger.end(endOf(ledger, lease, { pairSet: pairSet('shallow', 1) }), () => true)
    expect(ledger.laneBacklogs()).toEqual([])
    expect(leasePairs(ledger, 's2').work).toMatchObject({ runs: [{ depth: 50 }], known: [] })
  })

  it.each([
    ['before', 1],
    ['after', 2],
  ])('that come late, %s those looked for anew, are not scored twice', (_, first) => {
    const ledger = encoded([parent, child(parent, FULL), child(parent, SHORT)])
    scoreNext(ledger, 's1', 0.5)
    const { lease: late } = leasePairs(ledger)
    submit(ledger, 's2', [parent, deeper()])
    const anew = leasePairs(ledger, 's2')
    expect(anew.work).toMatchObject({ runs: [{ depth: 50 }, { depth: 20 }], known: [] })
    const answers = [() => answer(late, 'shallow'), () => answer(anew.lease, 'deep')]
    const answer = (lease: string, name: string) => ledger.end(endOf(ledger, lease, { pairSet: pairSet(name, 1) }), () => true)
    for (const give of first === 1 ? answers : answers.reverse()) give()
    if (first === 1) expect(leasePairs(ledger, 's2').work).toMatchObject({ runs: [{ depth: 50 }], known: [sha256('shallow')] })
    else expect(ledger.unpairedGroups('s2', 9)).toEqual([])
    expect([...ledger.todoChunks(R.key, 's1')]).toHaveLength(1)
  })

  it('found beside one that is lost meanwhile are looked for again', () => {
    const ledger = paired(false)
    submit(ledger, 's2', [parent, child(parent, SHORT)])
    const late = leasePairs(ledger, 's2')
    expect(late.work.known).toEqual([sha256('pairs')])
    const encode = leaseAll(ledger, 's1', R)
    ledger.claim(claimOf(encode))
    const failure = { encoding: 3, n: 0, kind: 'engine' as const, text: null, ...GONE }
    ledger.end(endOf(ledger, encode, { failures: [failure] }), isNot('pairs'))
    ledger.end(endOf(ledger, late.lease, { pairSet: pairSet('rest', 1) }), () => true)
    expect(ledger.laneBacklogs()).toEqual([])
    expect(leasePairs(ledger, 's2').work).toMatchObject({ runs: [{ depth: 20 }, { depth: 20 }], known: [] })
  })

  it('lost before the child is scored are found again, however often', () => {
    const ledger = paired(true)
    for (let i = 0; i < 4; i += 1) {
      const [next] = ledger.scorableGroups('s1', 1)
      if (next === undefined) throw new Error('nothing to score')
      const lease = ledger.leaseScore({ sweep: 's1', ...next, cost: 1 })
      ledger.claim(claimOf(lease))
      const scoreFailures = next.configs.map(({ key }) => ({ config: key, ...GONE }))
      ledger.end(endOf(ledger, lease, { scoreFailures }), isNot('pairs'))
      expect(ledger.scorableGroups('s1', 1)).toEqual([])
      ledger.end(endOf(ledger, leasePairs(ledger).lease, { pairSet: pairSet('pairs', 1) }), () => true)
    }
    scoreNext(ledger, 's1', 0.7)
    expect(ledger.sweepStatus('s1')).toMatchObject({ state: 'done', cells: { scored: 4 } })
  })

  it('lost before a sibling leaves out their pairs are not left out any more', () => {
    const ledger = paired(true)
    submit(ledger, 's2', [parent, child(parent, SHORT)])
    const { lease } = leasePairs(ledger, 's2')
    ledger.end(endOf(ledger, lease, { pairsFailure: GONE }), isNot('pairs'))
    expect(leasePairs(ledger, 's2').work).toMatchObject({ runs: [{ depth: 20 }, { depth: 20 }], known: [] })
  })

  it('lost while their chunks are leased take the leases with them', () => {
    const ledger = encoded([parent, child(parent, FULL)])
    scoreNext(ledger, 's1', 0.5)
    ledger.end(endOf(ledger, leasePairs(ledger).lease, { pairSet: pairSet('pairs', 2) }), () => true)
    const chunks = [...ledger.todoChunks(R.key, 's1')]
    const [one, two] = chunks.map(({ encoding, n }) =>
      ledger.leaseEncode({ lane: R.key, sweep: 's1', chunks: [[encoding, n]], cost: 1 }),
    ) as [string, string]
    ledger.claim(claimOf(one))
    const failure = { encoding: chunks[0]?.encoding ?? 0, n: 0, kind: 'engine' as const, text: null, ...GONE }
    ledger.end(endOf(ledger, one, { failures: [failure] }), isNot('pairs'))
    expect(ledger.lease(two)).toBeUndefined()
    expect(ledger.unpairedGroups('s1', 9)).toEqual([2])
  })

  it('are not to blame where a text set they point into is lost: their task is prepared again', () => {
    const ledger = paired(false)
    const lease = leaseAll(ledger, 's1', R)
    ledger.claim(claimOf(lease))
    const failure = { encoding: 3, n: 0, kind: 'engine' as const, text: null, ...GONE }
    ledger.end(endOf(ledger, lease, { failures: [failure] }), isNot('d'))
    expect(ledger.unpreparedTasks()).toHaveLength(1)
    expect(ledger.unpairedGroups('s1', 9)).toEqual([])
  })
})
