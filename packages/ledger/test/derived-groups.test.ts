import {
  type Config,
  configKey,
  deriveGroupKey,
  type PlannedDerive,
  type PlannedGroup,
  sha256,
  taskKey,
} from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import type { Ledger } from '../src/index.ts'
import {
  claimOf,
  commitAll,
  endOf,
  FULL,
  group,
  leaseAll,
  load,
  memory,
  prepared,
  resultOf,
  SHORT,
  scoreNext,
  submit,
  task,
} from './fixture.ts'

const A = load('a')
const LEXICAL = load('lexical')
const T1 = task('t1')
const FAILURE = { code: 'SB-SCORE-002', message: 'SB-SCORE-002: bad run', fix: 'mend it' }

const dense = group(A, T1, { configs: [FULL, SHORT] })
const lexical = group(LEXICAL, T1, { configs: [FULL] })
const stage = { model: 'lexical', revision: '1' }

function derived(sources: PlannedDerive['sources'], configs: readonly Config[]): PlannedGroup {
  return { ...dense, key: deriveGroupKey({ sources }, taskKey(T1)), configs, rank: 2, derive: { sources } }
}
const cut = derived(
  [{ group: dense.key, config: FULL }],
  [
    { ...FULL, cut: { top: 5 } },
    { ...FULL, cut: { score: 0.5 } },
  ],
)
const fused: Config = { ...SHORT, hybrid: { ...stage, weight: 0.3 } }
const hybrid = derived(
  [
    { group: dense.key, config: SHORT },
    { group: lexical.key, config: FULL },
  ],
  [fused, { ...SHORT, hybrid: { ...stage, weight: 'rrf' } }],
)
const cutOfHybrid = derived([{ group: hybrid.key, config: fused }], [{ ...fused, cut: { top: 3 } }])
const ALL = [dense, lexical, cut, hybrid, cutOfHybrid]

function encoded(groups: readonly PlannedGroup[] = ALL): Ledger {
  const ledger = memory()
  submit(ledger, 's1', groups)
  ledger.prepared(prepared(T1, ['q', 1], ['d', 2]))
  for (const model of [A, LEXICAL])
    if ([...ledger.todoChunks(model.key, 's1')].length > 0) commitAll(ledger, leaseAll(ledger, 's1', model))
  return ledger
}
const ready = (ledger: Ledger, sweep = 's1') => ledger.scorableGroups(sweep, 9).map((one) => one.group)

describe('derived groups', () => {
  it('are ready when all their sources are scored, without any lease of their own before', () => {
    const ledger = encoded()
    expect(ready(ledger)).toEqual([1, 2])
    scoreNext(ledger, 's1', 0.5)
    expect(ready(ledger)).toEqual([2, 3])
    scoreNext(ledger, 's1', 0.4)
    expect(ready(ledger)).toEqual([3, 4])
    expect(ledger.laneBacklogs()).toEqual([])
    scoreNext(ledger, 's1', 0.3)
    const [next] = ledger.scorableGroups('s1', 1)
    const lease = ledger.leaseScore({ sweep: 's1', group: next?.group ?? 0, configs: next?.configs ?? [], cost: 0.2 })
    expect(ledger.claim(claimOf(lease))).toMatchObject({
      state: 'granted',
      work: { kind: 'derive', runs: [sha256('run'), sha256('run')], judgments: sha256('judgments t1') },
    })
    const results = (next?.configs ?? []).map(({ key }) => resultOf(key, 0.6))
    ledger.end(endOf(ledger, lease, { results }), () => true)
    scoreNext(ledger, 's1', 0.7)
    expect(ledger.sweepStatus('s1')).toMatchObject({ state: 'done', cells: { scored: 8 } })
    const last = ledger.cells('s1').find(({ config }) => config.hybrid !== undefined && config.cut !== undefined)
    expect(last).toMatchObject({ mainScore: 0.7, load: { key: A.key }, reranker: null })
    expect(last?.variant).toBe('with lexical 0.3 · cut at top 3')
    expect(last?.evidence).toMatchObject({ query: { textCount: 10 }, document: { textCount: 20 }, pairs: [] })
  })

  it('of a later sweep are ready with its submit', () => {
    const ledger = encoded([dense])
    scoreNext(ledger, 's1', 0.5)
    submit(ledger, 's2', [dense, cut])
    expect(ready(ledger, 's2')).toEqual([2])
  })

  it('fail with any of their sources, and what is made from them too; a retry brings them back', () => {
    const ledger = encoded()
    scoreNext(ledger, 's1', 0.5)
    const [next] = ledger.scorableGroups('s1', 1)
    const lease = ledger.leaseScore({ sweep: 's1', group: next?.group ?? 0, configs: next?.configs ?? [], cost: 1 })
    ledger.claim(claimOf(lease))
    ledger.end(endOf(ledger, lease, { scoreFailures: [{ config: configKey(FULL), ...FAILURE }] }), () => true)
    const states = () => ledger.cells('s1').map(({ group, state }) => `${group} ${state}`)
    expect(states()).toEqual(['1 scored', '1 scored', '2 failed', '3 waiting', '3 waiting', '4 failed', '4 failed', '5 failed'])
    scoreNext(ledger, 's1', 0.2)
    expect(ledger.sweepStatus('s1').state).toBe('done')
    ledger.control('s1', 'retry')
    for (let i = 0; i < 3; i += 1) scoreNext(ledger, 's1', 0.3)
    expect(ledger.sweepStatus('s1')).toMatchObject({ state: 'done', cells: { scored: 8 } })
  })

  it('are refused before their sources', () => {
    expect(() => submit(memory(), 's1', [cut, dense])).toThrow('stands before its')
  })
})
