import { configKey, sha256 } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { A, child, encoded, leasePairs, pairSet, parent, R, RECIPE } from './child-fixture.ts'
import { claimOf, commitAll, endOf, FULL, leaseAll, resultOf, SHORT, scoreNext, submit } from './fixture.ts'

const FAILURE = { code: 'SB-SCORE-002', message: 'SB-SCORE-002: bad run', fix: 'mend it' }

describe('child groups', () => {
  it('wait for their parent, get their pairs from one lease, and are scored from its run', () => {
    const ledger = encoded()
    expect(ledger.unpairedGroups('s1', 9)).toEqual([])
    expect(ledger.sweepStatus('s1').cells).toMatchObject({ total: 6, waiting: 6 })
    expect(ledger.openLanes().sort()).toEqual([A.key, R.key].sort())
    expect(ledger.growingLanes()).toEqual([R.key])
    scoreNext(ledger, 's1', 0.5)
    expect(ledger.openLanes()).toEqual([R.key])
    expect(ledger.unpairedGroups('s1', 9)).toEqual([2, 3])
    const { lease, work } = leasePairs(ledger)
    expect(work).toMatchObject({ queries: sha256('q'), documents: sha256('d'), known: [], runs: [{ depth: 20 }, { depth: 20 }] })
    expect(ledger.unpairedGroups('s1', 9)).toEqual([])
    ledger.end(endOf(ledger, lease, { pairSet: pairSet('pairs', 2) }), () => true)
    expect(ledger.openLeases()).toEqual([])
    expect(ledger.laneBacklogs()).toMatchObject([{ lane: R.key, todoChunks: 2 }])
    expect(ledger.growingLanes()).toEqual([])
    commitAll(ledger, leaseAll(ledger, 's1', R))
    const [next] = ledger.scorableGroups('s1', 1)
    if (next === undefined) throw new Error('nothing to score')
    const score = ledger.leaseScore({ sweep: 's1', ...next, cost: 0.2 })
    expect(ledger.claim(claimOf(score))).toMatchObject({
      state: 'granted',
      work: {
        kind: 'rerank',
        run: sha256('run'),
        pairs: [{ textSet: sha256('pairs'), count: 20, chunks: [{ n: 0 }, { n: 1 }] }],
      },
    })
    ledger.end(endOf(ledger, score, { results: next.configs.map(({ key }) => resultOf(key, 0.7)) }), () => true)
    scoreNext(ledger, 's1', 0.6)
    expect(ledger.sweepStatus('s1')).toMatchObject({ state: 'done', cells: { scored: 6 } })
    const cell = ledger.cells('s1').find(({ config }) => config.rerank?.depth === 20)
    expect(cell).toMatchObject({ model: 'a', load: { key: A.key }, reranker: { key: R.key }, mainScore: 0.7 })
    expect(cell?.evidence).toMatchObject({ query: { textCount: 10 }, document: { textCount: 20 }, pairs: [{ textCount: 20 }] })
  })

  it('that come later add only the pairs no sibling has', () => {
    const ledger = encoded([parent, child(parent, FULL)])
    scoreNext(ledger, 's1', 0.5)
    const first = leasePairs(ledger)
    ledger.end(endOf(ledger, first.lease, { pairSet: pairSet('first', 1) }), () => true)
    submit(ledger, 's2', [parent, child(parent, SHORT)])
    const second = leasePairs(ledger, 's2')
    expect(second.work.known).toEqual([sha256('first')])
    ledger.end(endOf(ledger, second.lease, { pairSet: pairSet('second', 1) }), () => true)
    commitAll(ledger, leaseAll(ledger, 's2', R))
    const [ready] = ledger.scorableGroups('s2', 9)
    const score = ledger.leaseScore({ sweep: 's2', group: ready?.group ?? 0, configs: ready?.configs ?? [], cost: 1 })
    expect(ledger.claim(claimOf(score))).toMatchObject({
      work: { pairs: [{ textSet: sha256('first') }, { textSet: sha256('second') }] },
    })
  })

  it('that are wanted deeper later keep what is scored and wait only for the pairs they lack', () => {
    const ledger = encoded([parent, child(parent, FULL)])
    scoreNext(ledger, 's1', 0.5)
    ledger.end(endOf(ledger, leasePairs(ledger).lease, { pairSet: pairSet('shallow', 1) }), () => true)
    commitAll(ledger, leaseAll(ledger, 's1', R))
    scoreNext(ledger, 's1', 0.6)
    const planned = child(parent, FULL)
    const rerank = planned.rerank && { ...planned.rerank, depth: 50 }
    const stage = { model: R.model, revision: '1', tail: 'append' as const, depth: 50 }
    const deeper = { ...planned, rerank, configs: [...planned.configs, { ...FULL, rerank: stage }] }
    submit(ledger, 's2', [parent, deeper])
    expect(ledger.sweepStatus('s2').cells).toMatchObject({ scored: 4, waiting: 1 })
    const { lease, work } = leasePairs(ledger, 's2')
    expect(work).toMatchObject({ known: [sha256('shallow')], runs: [{ depth: 50 }] })
    ledger.end(endOf(ledger, lease, { pairSet: pairSet('deep', 2) }), () => true)
    commitAll(ledger, leaseAll(ledger, 's2', R))
    const [next] = ledger.scorableGroups('s2', 9)
    expect(next?.configs).toHaveLength(1)
    scoreNext(ledger, 's2', 0.7)
    expect(ledger.sweepStatus('s2')).toMatchObject({ state: 'done', cells: { scored: 5 } })
    submit(ledger, 's3', [parent, planned])
    expect(ledger.sweepStatus('s3')).toMatchObject({ state: 'done', cells: { scored: 4 } })
  })

  it('are ready at once where no pair is missing', () => {
    const ledger = encoded()
    scoreNext(ledger, 's1', 0.5)
    ledger.end(endOf(ledger, leasePairs(ledger).lease, { pairSet: pairSet('none', 0) }), () => true)
    expect(ledger.laneBacklogs()).toEqual([])
    expect(ledger.scorableGroups('s1', 9)).toHaveLength(2)
  })

  it('get their pairs again when the lease was given back, and a late answer of it still counts', () => {
    const ledger = encoded()
    scoreNext(ledger, 's1', 0.5)
    const { lease } = leasePairs(ledger)
    ledger.expire(lease)
    const again = leasePairs(ledger)
    ledger.end(endOf(ledger, lease, { pairSet: pairSet('pairs', 1) }), () => true)
    ledger.end(endOf(ledger, again.lease, { pairSet: pairSet('other', 3) }), () => true)
    expect(ledger.laneBacklogs()).toMatchObject([{ todoChunks: 1 }])
  })

  it('fail with the cell they re-order, alone, and come back with it', () => {
    const ledger = encoded()
    const [next] = ledger.scorableGroups('s1', 1)
    const lease = ledger.leaseScore({ sweep: 's1', group: next?.group ?? 0, configs: next?.configs ?? [], cost: 1 })
    ledger.claim(claimOf(lease))
    const [results, scoreFailures] = [[resultOf(configKey(FULL), 0.5)], [{ config: configKey(SHORT), ...FAILURE }]]
    ledger.end(endOf(ledger, lease, { results, scoreFailures }), () => true)
    const states = () => ledger.cells('s1').map(({ state }) => state)
    expect(states()).toEqual(['scored', 'failed', 'waiting', 'waiting', 'failed', 'failed'])
    expect(ledger.unpairedGroups('s1', 9)).toEqual([2])
    ledger.control('s1', 'cancel')
    ledger.control('s1', 'retry')
    expect(states()).toEqual(['scored', 'stale', 'waiting', 'waiting', 'stale', 'stale'])
    scoreNext(ledger, 's1', 0.4)
    expect(ledger.unpairedGroups('s1', 9)).toEqual([2, 3])
  })

  it('fail when their pairs cannot be found: at once for bad input, else at the third time', () => {
    const ledger = encoded([parent, child(parent, FULL)])
    scoreNext(ledger, 's1', 0.5)
    const trouble = { code: 'SB-MODEL-008', message: 'SB-MODEL-008: died', fix: '' }
    for (let i = 0; i < 2; i += 1) ledger.end(endOf(ledger, leasePairs(ledger).lease, { pairsFailure: trouble }), () => true)
    expect(ledger.sweepStatus('s1').state).toBe('running')
    ledger.end(endOf(ledger, leasePairs(ledger).lease, { pairsFailure: trouble }), () => true)
    expect(ledger.sweepStatus('s1')).toMatchObject({ state: 'done', cells: { scored: 2, failed: 2 } })
    const bad = encoded([parent, child(parent, FULL)])
    scoreNext(bad, 's1', 0.5)
    bad.end(endOf(bad, leasePairs(bad).lease, { pairsFailure: FAILURE }), () => true)
    expect(bad.sweepStatus('s1')).toMatchObject({ state: 'done', cells: { failed: 2 } })
  })

  it('fail with a pair that brings the reranker down; the first stage stays', () => {
    const ledger = encoded([parent, child(parent, FULL)])
    scoreNext(ledger, 's1', 0.5)
    ledger.end(endOf(ledger, leasePairs(ledger).lease, { pairSet: pairSet('pairs', 1) }), () => true)
    const lease = leaseAll(ledger, 's1', R)
    const claimed = ledger.claim(claimOf(lease))
    if (claimed.state !== 'granted' || claimed.work.kind !== 'encode') throw new Error('not an encode lease')
    const [part] = claimed.work.parts
    expect(part?.side).toEqual(RECIPE)
    const poison = { encoding: part?.encoding ?? 0, n: 0, kind: 'poison' as const, text: 3, ...FAILURE }
    ledger.end(endOf(ledger, lease, { failures: [poison] }), () => true)
    expect(ledger.cells('s1').map(({ state }) => state)).toEqual(['scored', 'scored', 'failed', 'failed'])
  })

  it('lose a pair set that is damaged, and wait for it anew', () => {
    const ledger = encoded([parent, child(parent, FULL)])
    scoreNext(ledger, 's1', 0.5)
    ledger.end(endOf(ledger, leasePairs(ledger).lease, { pairSet: pairSet('pairs', 1) }), () => true)
    const lease = leaseAll(ledger, 's1', R)
    ledger.claim(claimOf(lease))
    const gone = { encoding: 3, n: 0, kind: 'engine' as const, text: null, ...FAILURE, code: 'SB-ART-001' }
    ledger.end(endOf(ledger, lease, { failures: [gone] }), (digest) => digest !== sha256('pairs'))
    expect(ledger.unpairedGroups('s1', 9)).toEqual([2])
    ledger.end(endOf(ledger, leasePairs(ledger).lease, { pairSet: pairSet('pairs', 1) }), () => true)
    commitAll(ledger, leaseAll(ledger, 's1', R))
    scoreNext(ledger, 's1', 0.9)
    expect(ledger.sweepStatus('s1')).toMatchObject({ state: 'done', cells: { scored: 4 } })
  })

  it('fail at once, saying so, when the run they re-order is gone, and come back once it is there again', () => {
    const ledger = encoded([parent, child(parent, FULL)])
    scoreNext(ledger, 's1', 0.5)
    const gone = { ...FAILURE, code: 'SB-ART-001' }
    const isWhole = (digest: string) => digest !== sha256('run')
    ledger.end(endOf(ledger, leasePairs(ledger).lease, { pairsFailure: gone }), isWhole)
    const failed = () => ledger.cells('s1').filter(({ state }) => state === 'failed')
    expect(failed().map(({ failure }) => failure?.code)).toEqual(['SB-LEDGER-011', 'SB-LEDGER-011'])
    expect(failed()[0]?.failure?.message).toContain(sha256('run'))
    ledger.control('s1', 'retry')
    ledger.end(endOf(ledger, leasePairs(ledger).lease, { pairSet: pairSet('pairs', 1) }), () => true)
    commitAll(ledger, leaseAll(ledger, 's1', R))
    const [next] = ledger.scorableGroups('s1', 1)
    const lease = ledger.leaseScore({ sweep: 's1', group: next?.group ?? 0, configs: next?.configs ?? [], cost: 1 })
    ledger.claim(claimOf(lease))
    const scoreFailures = (next?.configs ?? []).map(({ key }) => ({ config: key, ...gone }))
    ledger.end(endOf(ledger, lease, { scoreFailures }), isWhole)
    expect(failed().map(({ failure }) => failure?.code)).toEqual(['SB-LEDGER-011', 'SB-LEDGER-011'])
    ledger.control('s1', 'retry')
    scoreNext(ledger, 's1', 0.9)
    expect(ledger.sweepStatus('s1')).toMatchObject({ state: 'done', cells: { scored: 4 } })
  })

  it('are left alone by a cancelled sweep, and their lease closes with it', () => {
    const ledger = encoded()
    scoreNext(ledger, 's1', 0.5)
    const { lease } = leasePairs(ledger)
    ledger.control('s1', 'cancel')
    expect(ledger.lease(lease)).toBeUndefined()
  })
})
