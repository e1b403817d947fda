import { sha256, taskKey } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import {
  claimOf,
  commitAll,
  EVIDENCE,
  endOf,
  FULL,
  group,
  keyOfConfig,
  leaseAll,
  load,
  memory,
  plan,
  prepared,
  resultOf,
  SHORT,
  scoreNext,
  submit,
  task,
} from './fixture.ts'

const A = load('a')
const T1 = task('t1')
const T2 = task('t2')

/** One sweep of one group with 1 query chunk and 2 document chunks, prepared. */
function one() {
  const ledger = memory()
  submit(ledger, 's1', [group(A, T1, { configs: [FULL, SHORT] })])
  ledger.prepared(prepared(T1, ['q', 1], ['d', 2]))
  ledger.takeEvents()
  return ledger
}

describe('a sweep from submit to done', () => {
  it('goes through preparation, encoding and scoring', () => {
    const ledger = memory()
    submit(ledger, 's1', [group(A, T1, { configs: [FULL, SHORT] })])
    expect(ledger.unpreparedTasks()).toEqual([{ key: taskKey(T1), ref: T1 }])
    expect(ledger.cells('s1').map(({ state }) => state)).toEqual(['waiting', 'waiting'])
    ledger.prepared(prepared(T1, ['q', 1], ['d', 2]))
    expect(ledger.unpreparedTasks()).toEqual([])
    expect(ledger.laneBacklogs()).toEqual([{ lane: A.key, todoTokens: 3000, todoChunks: 3 }])
    const lease = leaseAll(ledger, 's1', A)
    expect(ledger.laneBacklogs()).toEqual([])
    commitAll(ledger, lease)
    expect(ledger.openLeases()).toEqual([])
    scoreNext(ledger, 's1', 0.5)
    const status = ledger.sweepStatus('s1')
    expect(status).toMatchObject({
      state: 'done',
      endedAt: 'then',
      cells: { scored: 2, failed: 0, waiting: 0, total: 2 },
      chunks: { done: 3, total: 3 },
    })
    expect(status.bytes).toEqual({ done: 12_000, total: 12_000 })
    const [cell] = ledger.cells('s1')
    expect(cell).toMatchObject({
      model: 'a',
      task: 't1',
      state: 'scored',
      mainScore: 0.5,
      metrics: { ndcg_at_10: 0.5, nauc: null },
      config: FULL,
      datasetRevision: 'r1',
      languages: ['eng-Latn'],
    })
    expect(cell?.evidence.document).toMatchObject({
      chunkCount: 2,
      textCount: 20,
      encodeSeconds: 1,
      loadSeconds: 2,
      engines: ['random 1'],
    })
    expect(ledger.allScoredCells()).toEqual(ledger.cells('s1'))
  })

  it('is recorded once, whatever the number of submits', () => {
    const ledger = one()
    const again = { sweep: 's1', name: 'x', spec: 'sweep: x', plan: plan('s1', []), createdAt: '' }
    expect(ledger.submit(again)).toEqual({ isNew: false })
    expect(() => ledger.submit({ ...again, spec: 'sweep: y' })).toThrow('SB-LEDGER-012')
    expect(ledger.sweepStatus('s1').cells.total).toBe(2)
    expect(ledger.sweepSpec('s1')).toBe('sweep: x')
  })

  it('is done at once where another sweep has scored its cells already', () => {
    const ledger = one()
    commitAll(ledger, leaseAll(ledger, 's1', A))
    scoreNext(ledger, 's1', 0.5)
    submit(ledger, 's2', [group(A, T1, { configs: [SHORT] })])
    expect(ledger.sweepStatus('s2')).toMatchObject({ state: 'done', cells: { scored: 1, total: 1 } })
  })

  it('computes nothing twice that two sweeps share', () => {
    const ledger = one()
    submit(ledger, 's2', [group(A, T1)])
    const lease = leaseAll(ledger, 's1', A)
    expect([...ledger.todoChunks(A.key, 's2')]).toEqual([])
    ledger.control('s1', 'cancel')
    expect(ledger.lease(lease)).toBeDefined()
    commitAll(ledger, lease)
    scoreNext(ledger, 's2', 0.25)
    expect(ledger.sweepStatus('s2').state).toBe('done')
    expect(ledger.cells('s1').map(({ state }) => state)).toEqual(['scored', 'waiting'])
  })

  it('encodes a text set once for several tasks', () => {
    const ledger = memory()
    submit(ledger, 's1', [group(A, T1, { rank: 0 }), group(A, T2, { rank: 1 })])
    ledger.prepared(prepared(T1, ['q1', 1], ['d', 3]))
    ledger.prepared(prepared(T2, ['q2', 1], ['d', 3]))
    expect(ledger.laneBacklogs()).toMatchObject([{ todoChunks: 5 }])
    commitAll(ledger, leaseAll(ledger, 's1', A))
    expect(ledger.scorableGroups('s1', 10)).toHaveLength(2)
  })

  it('scores a group with an empty side, and one attached to encodings already complete', () => {
    const ledger = memory()
    submit(ledger, 's1', [group(A, T1)])
    ledger.prepared(prepared(T1, ['none', 0], ['d', 1]))
    commitAll(ledger, leaseAll(ledger, 's1', A))
    submit(ledger, 's2', [group(A, T2)])
    ledger.prepared(prepared(T2, ['none', 0], ['d', 1]))
    expect(ledger.scorableGroups('s2', 1)).toHaveLength(1)
  })

  it('lists chunks in plan order, both sides of a group together', () => {
    const ledger = memory()
    submit(ledger, 's1', [group(A, T1, { rank: 5 }), group(A, T2, { rank: 1 })])
    ledger.prepared(prepared(T1, ['q1', 1], ['d1', 1]))
    ledger.prepared(prepared(T2, ['q2', 1], ['d2', 2]))
    const order = [...ledger.todoChunks(A.key, 's1')].map(({ encoding, n }) => `${encoding}.${n}`)
    expect(order).toEqual(['3.0', '4.0', '4.1', '1.0', '2.0'])
  })
})

describe('leases', () => {
  it('are granted to one run, ever', () => {
    const ledger = one()
    const lease = leaseAll(ledger, 's1', A)
    const first = ledger.claim(claimOf(lease))
    expect(first).toMatchObject({ state: 'granted', work: { kind: 'encode', alone: false, load: A } })
    expect(ledger.claim(claimOf(lease))).toEqual(first)
    expect(ledger.claim(claimOf(lease, { run: 'r2' }))).toEqual({ state: 'gone' })
    expect(ledger.claim(claimOf(lease, { host: 'h2' }))).toEqual({ state: 'gone' })
    expect(ledger.claim(claimOf(`j${'0'.repeat(20)}`))).toEqual({ state: 'gone' })
  })

  it('take all chunks or none', () => {
    const ledger = one()
    leaseAll(ledger, 's1', A)
    const before = ledger.openLeases()
    expect(() => ledger.leaseEncode({ lane: A.key, sweep: 's1', chunks: [[1, 0]], cost: 1 })).toThrow(/SB-CORE-001/)
    expect(ledger.openLeases()).toEqual(before)
  })

  it('that expire give their chunks back; an id is never revived', () => {
    const ledger = one()
    const lease = leaseAll(ledger, 's1', A)
    expect(ledger.expire(lease)).toBe(true)
    expect(ledger.expire(lease)).toBe(false)
    expect(ledger.takeEvents()).toContainEqual({ kind: 'lease-closed', lease, lane: A.key, host: null })
    expect([...ledger.todoChunks(A.key, 's1')]).toHaveLength(3)
    expect(leaseAll(ledger, 's1', A)).not.toBe(lease)
  })

  it('charge the sweep by its weight', () => {
    const ledger = memory()
    submit(ledger, 's1', [group(A, T1)], 2)
    ledger.prepared(prepared(T1, ['q', 1], ['d', 1]))
    const [{ vtime = 0 } = {}] = ledger.runningSweeps()
    leaseAll(ledger, 's1', A)
    expect(ledger.runningSweeps()[0]?.vtime).toBe(vtime + 0.5)
  })
})

describe('commits', () => {
  const commit = (over: object = {}) => ({
    lease: 'j'.padEnd(21, '0'),
    encoding: 1,
    n: 0,
    digest: sha256('x'),
    evidence: EVIDENCE,
    ...over,
  })

  it('are insert-only and come from anybody, at any time', () => {
    const ledger = one()
    expect(ledger.commit([commit()], () => true)).toEqual(['ok'])
    expect(ledger.commit([commit({ digest: sha256('other') })], () => true)).toEqual(['ok'])
    const lease = leaseAll(ledger, 's1', A)
    const answer = ledger.claim(claimOf(lease))
    expect(
      answer.state === 'granted' && answer.work.kind === 'encode' && answer.work.parts.map(({ encoding }) => encoding),
    ).toEqual([2])
  })

  it('ask for an absent artifact and drop what they do not know', () => {
    const ledger = one()
    expect(ledger.commit([commit(), commit({ n: 9 }), commit({ encoding: 99 })], () => false)).toEqual(['need', 'drop', 'drop'])
    expect(ledger.sweepStatus('s1').chunks.done).toBe(0)
  })

  it('of another host end a lease with its last chunk', () => {
    const ledger = one()
    const lease = leaseAll(ledger, 's1', A)
    ledger.commit([commit(), commit({ encoding: 2, n: 0 }), commit({ encoding: 2, n: 1 })], () => true)
    expect(ledger.lease(lease)).toBeUndefined()
    expect(ledger.scorableGroups('s1', 1)).toHaveLength(1)
  })
})

describe('failures', () => {
  const failure = (over: object = {}) => ({
    encoding: 2,
    n: 1,
    kind: 'poison' as const,
    code: 'SB-MODEL-006',
    message: 'no',
    fix: 'mend it',
    text: 7,
    ...over,
  })

  it('a poison text fails its cells alone and frees what nobody else wants', () => {
    const ledger = memory()
    submit(ledger, 's1', [group(A, T1, { rank: 0 }), group(A, T2, { rank: 1 })])
    ledger.prepared(prepared(T1, ['q1', 1], ['d1', 2]))
    ledger.prepared(prepared(T2, ['q2', 1], ['d2', 1]))
    const other = ledger.leaseEncode({ lane: A.key, sweep: 's1', chunks: [[2, 0]], cost: 1 })
    const lease = ledger.leaseEncode({ lane: A.key, sweep: 's1', chunks: [[2, 1]], cost: 1 })
    ledger.claim(claimOf(lease))
    ledger.end(endOf(ledger, lease, { failures: [failure()] }), () => true)
    expect(ledger.lease(other)).toBeUndefined()
    expect(ledger.cells('s1').map(({ state, failure: why }) => [state, why?.code])).toEqual([
      ['failed', 'SB-MODEL-006'],
      ['waiting', undefined],
    ])
    expect(ledger.cells('s1')[0]?.failure).toMatchObject({ kind: 'invalid', fix: 'mend it', details: { text: 7 } })
    commitAll(ledger, leaseAll(ledger, 's1', A))
    scoreNext(ledger, 's1', 1)
    expect(ledger.sweepStatus('s1')).toMatchObject({ state: 'done', cells: { scored: 1, failed: 1 } })
  })

  it('an engine error fails the chunk at the third time only', () => {
    const ledger = one()
    for (let time = 1; time <= 3; time += 1) {
      expect(ledger.sweepStatus('s1').chunks.failed).toBe(0)
      const lease = leaseAll(ledger, 's1', A)
      ledger.claim(claimOf(lease))
      ledger.end(endOf(ledger, lease, { failures: [failure({ kind: 'engine', code: 'SB-MODEL-007', text: null })] }), () => true)
    }
    expect(ledger.sweepStatus('s1')).toMatchObject({ state: 'done', chunks: { failed: 1 }, cells: { failed: 2 } })
  })

  it('count only while the lease is open and held by that host', () => {
    const ledger = one()
    const lease = leaseAll(ledger, 's1', A)
    ledger.end(endOf(ledger, lease, { failures: [failure()] }), () => true)
    ledger.claim(claimOf(lease))
    ledger.end(endOf(ledger, lease, { host: 'h2', failures: [failure()] }), () => true)
    ledger.expire(lease)
    ledger.end(endOf(ledger, lease, { failures: [failure()] }), () => true)
    expect(ledger.sweepStatus('s1').chunks.failed).toBe(0)
  })

  it('six crash marks fail a chunk; one lease marks once, also when long closed; two make it run alone', () => {
    const ledger = one()
    for (let i = 1; i <= 6; i += 1) {
      expect(ledger.sweepStatus('s1').state).toBe('running')
      const [first] = ledger.todoChunks(A.key, 's1')
      expect(first?.crashes).toBe(i - 1)
      const lease = ledger.leaseEncode({ lane: A.key, sweep: 's1', chunks: [[1, 0]], cost: 1 })
      expect(ledger.claim(claimOf(lease))).toMatchObject({ work: { alone: i > 2 } })
      ledger.expire(lease)
      for (let again = 0; again < 3; again += 1)
        ledger.end(endOf(ledger, lease, { crashed: [{ encoding: 1, n: 0 }] }), () => true)
    }
    expect(ledger.cells('s1')[0]?.failure).toMatchObject({ code: 'SB-WORK-003' })
  })

  it('retry reopens only what is not scored, and keeps other sweeps whole meanwhile', () => {
    const ledger = one()
    submit(ledger, 's2', [group(A, T1)])
    const lease = leaseAll(ledger, 's1', A)
    ledger.claim(claimOf(lease))
    ledger.end(endOf(ledger, lease, { failures: [failure()] }), () => true)
    expect(ledger.sweepStatus('s2').state).toBe('done')
    ledger.control('s1', 'retry')
    expect(ledger.cells('s2').map(({ state }) => state)).toEqual(['stale'])
    expect(ledger.sweepStatus('s2').state).toBe('done')
    commitAll(ledger, leaseAll(ledger, 's1', A))
    scoreNext(ledger, 's1', 0.75)
    expect(ledger.cells('s2')).toMatchObject([{ state: 'scored', mainScore: 0.75, failure: null }])
  })

  it('a preparation that fails for good fails its groups; retry prepares again', () => {
    const ledger = memory()
    submit(ledger, 's1', [group(A, T1)])
    ledger.preparationFailed(taskKey(T1), { code: 'SB-TASK-001', kind: 'invalid', message: 'bad', fix: '' })
    expect(ledger.sweepStatus('s1')).toMatchObject({ state: 'done', cells: { failed: 1 }, tasks: { failed: 1 } })
    ledger.control('s1', 'retry')
    expect(ledger.unpreparedTasks()).toHaveLength(1)
  })

  it('a lane closed for good fails its waiting chunks', () => {
    const ledger = one()
    ledger.laneDead(A.key, { code: 'SB-WORK-004', kind: 'unavailable', message: 'no slot', fix: '' })
    expect(ledger.sweepStatus('s1')).toMatchObject({ state: 'done', cells: { failed: 2 } })
  })
})

describe('scores', () => {
  /** A claimed score lease of the only group. */
  function scoring() {
    const ledger = one()
    commitAll(ledger, leaseAll(ledger, 's1', A))
    const [next] = ledger.scorableGroups('s1', 1)
    if (next === undefined) throw new Error('not ready')
    const lease = ledger.leaseScore({ sweep: 's1', ...next, cost: 0.2 })
    return { ledger, lease, next, answer: ledger.claim(claimOf(lease)) }
  }
  const full = keyOfConfig(FULL)

  it('get every digest of both sides in order', () => {
    const { answer } = scoring()
    expect(answer).toMatchObject({
      work: {
        kind: 'score',
        task: 't1',
        judgments: sha256('judgments t1'),
        queries: { count: 10, chunks: [{ n: 0, digest: sha256('1/0') }] },
        documents: {
          count: 20,
          chunks: [
            { n: 0, start: 0, end: 10 },
            { n: 1, start: 10, end: 20, digest: sha256('2/1') },
          ],
        },
      },
    })
  })

  it('are accepted from a lease long closed, once', () => {
    const { ledger, lease } = scoring()
    ledger.expire(lease)
    ledger.end(endOf(ledger, lease, { results: [resultOf(full, 0.5), resultOf(sha256('unknown'), 1)] }), () => true)
    ledger.end(endOf(ledger, lease, { results: [resultOf(full, 0.9)] }), () => true)
    expect(ledger.cells('s1').map(({ mainScore }) => mainScore)).toEqual([0.5, null])
  })

  it('of a retried sweep never replace a score', () => {
    const { ledger, lease } = scoring()
    ledger.end(
      endOf(ledger, lease, {
        results: [resultOf(full, 0.5)],
        scoreFailures: [{ config: keyOfConfig(SHORT), code: 'SB-SCORE-001', message: 'nan', fix: '' }],
      }),
      () => true,
    )
    expect(ledger.sweepStatus('s1')).toMatchObject({ state: 'done', cells: { scored: 1, failed: 1 } })
    ledger.control('s1', 'retry')
    expect(ledger.scorableGroups('s1', 1)[0]?.configs.map(({ key }) => key)).toEqual([keyOfConfig(SHORT)])
  })

  it('that fail for a passing reason are tried three times', () => {
    const { ledger, lease, next } = scoring()
    const failed = {
      scoreFailures: next.configs.map(({ key }) => ({ config: key, code: 'SB-WORK-002', message: 'slow', fix: '' })),
    }
    ledger.end(endOf(ledger, lease, failed), () => true)
    for (let time = 2; time <= 3; time += 1) {
      expect(ledger.sweepStatus('s1').state).toBe('running')
      const [again] = ledger.scorableGroups('s1', 1)
      const second = ledger.leaseScore({ sweep: 's1', group: again?.group ?? 0, configs: again?.configs ?? [], cost: 0 })
      ledger.claim(claimOf(second))
      ledger.end(endOf(ledger, second, failed), () => true)
    }
    expect(ledger.sweepStatus('s1')).toMatchObject({ state: 'done', cells: { failed: 2 } })
  })

  it('revoke a chunk only where the service agrees that it is bad', () => {
    const { ledger, lease } = scoring()
    const gone = {
      missing: [
        { encoding: 2, n: 1, digest: sha256('2/1') },
        { encoding: 2, n: 0, digest: sha256('2/0') },
      ],
    }
    ledger.end(endOf(ledger, lease, gone), (digest) => digest !== sha256('2/1'))
    expect([...ledger.todoChunks(A.key, 's1')].map(({ n }) => n)).toEqual([1])
    expect(ledger.scorableGroups('s1', 1)).toEqual([])
    commitAll(ledger, leaseAll(ledger, 's1', A))
    scoreNext(ledger, 's1', 1)
    expect(ledger.sweepStatus('s1').state).toBe('done')
  })

  it('a claim of a group that lost a chunk meanwhile is refused and frees it', () => {
    const ledger = one()
    commitAll(ledger, leaseAll(ledger, 's1', A))
    submit(ledger, 's2', [group(A, T2)])
    ledger.prepared(prepared(T2, ['q', 1], ['d', 2]))
    const [a, b] = [ledger.scorableGroups('s1', 1)[0], ledger.scorableGroups('s2', 1)[0]]
    if (!a || !b) throw new Error('not ready')
    const [first, second] = [ledger.leaseScore({ sweep: 's1', ...a, cost: 0 }), ledger.leaseScore({ sweep: 's2', ...b, cost: 0 })]
    ledger.claim(claimOf(first))
    ledger.end(endOf(ledger, first, { missing: [{ encoding: 2, n: 1, digest: sha256('2/1') }] }), () => false)
    expect(ledger.claim(claimOf(second))).toEqual({ state: 'gone' })
    expect(ledger.lease(second)).toBeUndefined()
  })

  it('a damaged text set has its task prepared again, and counts no try', () => {
    const ledger = one()
    const lease = leaseAll(ledger, 's1', A)
    ledger.claim(claimOf(lease))
    const failures = [0, 1].map((n) => ({
      encoding: 2,
      n,
      kind: 'engine' as const,
      code: 'SB-ART-001',
      message: 'gone',
      fix: '',
      text: null,
    }))
    ledger.end(endOf(ledger, lease, { failures }), (digest) => digest !== sha256('d'))
    expect(ledger.unpreparedTasks()).toHaveLength(1)
    expect([...ledger.todoChunks(A.key, 's1')]).toEqual([])
    ledger.prepared(prepared(T1, ['q', 1], ['d', 2]))
    expect([...ledger.todoChunks(A.key, 's1')]).toHaveLength(3)
  })

  it('data that changed since it was first prepared is refused', () => {
    const ledger = one()
    const lease = leaseAll(ledger, 's1', A)
    ledger.claim(claimOf(lease))
    const failures = [{ encoding: 2, n: 0, kind: 'engine' as const, code: 'SB-ART-001', message: 'gone', fix: '', text: null }]
    ledger.end(endOf(ledger, lease, { failures }), () => false)
    expect(ledger.isChanged(prepared(T1, ['q', 1], ['other', 2]))).toBe(true)
    ledger.prepared(prepared(T1, ['q', 1], ['other', 2]))
    expect(ledger.cells('s1')[0]?.failure).toMatchObject({ code: 'SB-LEDGER-006' })
  })
})

describe('control', () => {
  it.each([
    ['pause', 'paused'],
    ['cancel', 'cancelled'],
  ] as const)('%s frees what only this sweep wanted; asking twice changes nothing', (action, state) => {
    const ledger = one()
    const lease = leaseAll(ledger, 's1', A)
    expect(ledger.openLanes()).toEqual([A.key])
    ledger.control('s1', action)
    ledger.control('s1', action)
    expect(ledger.openLanes()).toEqual([])
    expect(ledger.sweepStatus('s1').state).toBe(state)
    expect(ledger.lease(lease)).toBeUndefined()
    expect(ledger.laneBacklogs()).toEqual([])
    ledger.control('s1', action === 'pause' ? 'resume' : 'retry')
    expect(ledger.laneBacklogs()).toMatchObject([{ todoChunks: 3 }])
  })

  it('refuses what the table does not list', () => {
    const ledger = one()
    expect(() => ledger.control('s9', 'pause')).toThrow(/SB-LEDGER-002/)
    ledger.control('s1', 'cancel')
    expect(() => ledger.control('s1', 'pause')).toThrow(/SB-LEDGER-003/)
    expect(() => ledger.control('s1', 'resume')).toThrow(/SB-LEDGER-003/)
  })

  it('a resumed sweep is not ahead of those that ran', () => {
    const ledger = memory()
    submit(ledger, 's1', [group(A, T1)])
    ledger.control('s1', 'pause')
    submit(ledger, 's2', [group(A, T2)])
    ledger.prepared(prepared(T2, ['q', 1], ['d', 1]))
    ledger.leaseEncode({ lane: A.key, sweep: 's2', chunks: [[1, 0]], cost: 100 })
    const [{ vtime: running = 0 } = {}] = ledger.runningSweeps()
    ledger.control('s1', 'resume')
    expect(ledger.runningSweeps().find(({ id }) => id === 's1')?.vtime).toBe(running)
  })

  it('adds up running time and names who is over budget', () => {
    const ledger = memory()
    ledger.submit({ sweep: 's1', name: '', spec: '', plan: plan('s1', [group(A, T1)], { sweepMs: 1000 }), createdAt: '' })
    ledger.addRunTime(600)
    ledger.control('s1', 'pause')
    ledger.addRunTime(600)
    ledger.control('s1', 'resume')
    expect(ledger.overBudget()).toEqual([])
    ledger.addRunTime(600)
    expect(ledger.overBudget()).toEqual(['s1'])
  })
})

describe('garbage', () => {
  const commit = { lease: 'j'.padEnd(21, '0'), encoding: 1, n: 0, digest: sha256('x'), evidence: EVIDENCE }

  it('is deleted, unless something refers to it again', () => {
    const ledger = one()
    const deleted: string[] = []
    const all = [sha256('x'), sha256('y'), sha256('z'), sha256('q')]
    expect(ledger.markGarbage(all.toSpliced(2, 1), 7)).toEqual({ marked: 2 })
    expect(ledger.unreferenced(all)).toEqual([
      { digest: sha256('x'), since: 7 },
      { digest: sha256('y'), since: 7 },
      { digest: sha256('z'), since: null },
    ])
    ledger.commit([commit], () => true)
    expect(ledger.deleteGarbage(all, (digest) => deleted.push(digest))).toEqual({ deleted: 1 })
    expect(deleted).toEqual([sha256('y')])
  })

  it('keeps its mark where the file could not be removed', () => {
    const ledger = one()
    ledger.markGarbage([sha256('y')], 0)
    const refuse = () => {
      throw new Error('busy')
    }
    expect(() => ledger.deleteGarbage([sha256('y')], refuse)).toThrow('busy')
    expect(ledger.deleteGarbage([sha256('y')], () => undefined)).toEqual({ deleted: 1 })
  })

  it('stays where somebody found it stored and may name it soon', () => {
    const ledger = one()
    ledger.markGarbage([sha256('y')], 0)
    ledger.keep(sha256('y'))
    expect(ledger.unreferenced([sha256('y')])).toEqual([{ digest: sha256('y'), since: null }])
    expect(ledger.deleteGarbage([sha256('y')], () => undefined)).toEqual({ deleted: 0 })
  })
})
