import { describe, expect, it } from 'vitest'
import type { Ledger } from '../src/index.ts'
import { claimOf, commitAll, group, leaseAll, load, memory, plan, prepared, scoreNext, submit, task } from './fixture.ts'

const A = load('a')
const T1 = task('t1')
const T2 = task('t2')

/** One sweep of two tasks with 1 s for each cell; t1 has one chunk a side, t2 two. */
function limited(ledger: Ledger, sweep: string): void {
  const groups = [group(A, T1), group(A, T2, { rank: 1 })]
  ledger.submit({ sweep, name: '', spec: '', plan: plan(sweep, groups, { cellMs: 1000 }), createdAt: '' })
  ledger.prepared(prepared(T1, ['q1', 1], ['d1', 1]))
  ledger.prepared(prepared(T2, ['q2', 2], ['d2', 2]))
}

const states = (ledger: Ledger, sweep: string) =>
  Object.fromEntries(ledger.cells(sweep).map(({ task: name, state, failure }) => [name, failure?.code ?? state]))

/** Leases and claims the first chunk a sweep may encode. */
function begin(ledger: Ledger, sweep: string): string {
  const [first] = ledger.todoChunks(A.key, sweep)
  if (first === undefined) throw new Error('nothing to encode')
  const lease = ledger.leaseEncode({ lane: A.key, sweep, chunks: [[first.encoding, first.n]], cost: 1 })
  ledger.claim(claimOf(lease, { run: lease }))
  return lease
}

describe('the budget of a cell', () => {
  it('is spent only while somebody works on it; beyond it the cell fails alone and its lease closes', () => {
    const ledger = memory()
    limited(ledger, 's1')
    ledger.addRunTime(10_000)
    const [first] = ledger.todoChunks(A.key, 's1')
    const sent = ledger.leaseEncode({ lane: A.key, sweep: 's1', chunks: [[first?.encoding ?? 0, 0]], cost: 1 })
    ledger.addRunTime(10_000)
    expect(states(ledger, 's1')).toEqual({ t1: 'waiting', t2: 'waiting' })
    ledger.claim(claimOf(sent))
    ledger.addRunTime(1000)
    expect(states(ledger, 's1')).toEqual({ t1: 'waiting', t2: 'waiting' })
    ledger.addRunTime(1)
    expect(states(ledger, 's1')).toEqual({ t1: 'SB-LEDGER-008', t2: 'waiting' })
    expect(ledger.cells('s1')[0]?.failure?.message).toContain('worked on for 1 s, its budget is 1 s')
    expect(ledger.lease(sent)).toBeUndefined()
    expect([...ledger.todoChunks(A.key, 's1')].length).toBe(4)
  })

  it('counts scoring too, and not what others encoded before', () => {
    const ledger = memory()
    submit(ledger, 's0', [group(A, T1)])
    ledger.prepared(prepared(T1, ['q1', 1], ['d1', 1]))
    const lease = leaseAll(ledger, 's0', A)
    ledger.claim(claimOf(lease))
    ledger.addRunTime(60_000)
    commitAll(ledger, lease)
    limited(ledger, 's1')
    const [next] = ledger.scorableGroups('s1', 1)
    const score = ledger.leaseScore({ sweep: 's1', ...(next as NonNullable<typeof next>), cost: 1 })
    ledger.control('s0', 'cancel')
    ledger.claim(claimOf(score))
    ledger.addRunTime(999)
    expect(states(ledger, 's1').t1).toBe('waiting')
    ledger.addRunTime(2)
    expect(states(ledger, 's1').t1).toBe('SB-LEDGER-008')
  })

  it('a cell of two sweeps goes on as long as one of them grants it time, paused or not', () => {
    const ledger = memory()
    submit(ledger, 's0', [group(A, T1)])
    limited(ledger, 's1')
    const lease = begin(ledger, 's1')
    ledger.control('s0', 'pause')
    ledger.addRunTime(5000)
    expect(states(ledger, 's1').t1).toBe('waiting')
    expect(ledger.lease(lease)).toBeDefined()
    ledger.control('s0', 'cancel')
    ledger.addRunTime(1)
    expect(states(ledger, 's1').t1).toBe('SB-LEDGER-008')
  })

  it('is given again by retry, with what is encoded so far', () => {
    const ledger = memory()
    limited(ledger, 's1')
    begin(ledger, 's1')
    ledger.addRunTime(1001)
    ledger.control('s1', 'cancel')
    ledger.control('s1', 'retry')
    expect(ledger.cells('s1')[0]?.state).toBe('stale')
    const lease = leaseAll(ledger, 's1', A)
    ledger.claim(claimOf(lease))
    ledger.addRunTime(900)
    commitAll(ledger, lease)
    scoreNext(ledger, 's1', 0.5)
    expect(states(ledger, 's1').t1).toBe('scored')
  })
})
