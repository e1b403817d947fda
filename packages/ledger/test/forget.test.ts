import { sha256 } from '@sweepboard/contracts'
import { beforeEach, describe, expect, it } from 'vitest'
import type { ForgetRule, Ledger, StoredVectors, Submission } from '../src/index.ts'
import {
  claimOf,
  commitAll,
  EVIDENCE,
  FULL,
  group,
  leaseAll,
  load,
  memory,
  plan,
  prepared,
  SHORT,
  scoreNext,
  task,
} from './fixture.ts'

const MODEL = load('model')
const TASK = task('task')
const KEEP: ForgetRule = { kind: 'keep' }
const ANY: ForgetRule = { kind: 'any' }
let ledger: Ledger
let clock = 'then'

beforeEach(() => {
  clock = 'then'
  ledger = memory({ wallClock: () => clock })
})

function submit(sweep: string, keep: Submission['keep'], ref = TASK, configs = [FULL]): void {
  const parts = keep === undefined ? {} : { keep }
  ledger.submit({ sweep, name: sweep, spec: '', plan: plan(sweep, [group(MODEL, ref, { configs })]), createdAt: 'now', ...parts })
}

/** Encodes and scores all of a sweep over one task. */
function finish(sweep: string, ref = TASK): void {
  ledger.prepared(prepared(ref, ['queries', 1], [`documents of ${ref.task}`, 3]))
  if ([...ledger.todoChunks(MODEL.key, sweep)].length > 0) commitAll(ledger, leaseAll(ledger, sweep, MODEL))
  scoreNext(ledger, sweep, 0.5)
}

const stored = (rule: ForgetRule = ANY): StoredVectors[] => ledger.storedVectors(rule, 0)
const sides = () => stored().map(({ side }) => side)
const forgetRetired = () => ledger.forget(ledger.retiredEncodings(0).encodings, KEEP)

describe('what a sweep keeps', () => {
  it.each([
    [undefined, ['query', 'document']],
    ['all', ['query', 'document']],
    ['queries', ['query']],
    ['none', []],
  ] as const)('%s leaves %j', (keep, left) => {
    submit('s', keep)
    finish('s')
    forgetRetired()
    expect(sides()).toEqual(left)
    expect(ledger.sweepStatus('s')).toMatchObject({ state: 'done', chunks: { done: 4, total: 4 }, keep: keep ?? 'all' })
    expect(ledger.sweepStatus('s').tokens.done).toBe(ledger.sweepStatus('s').tokens.total)
  })

  it('does not count before the sweep is over with them, nor while it is paused', () => {
    submit('s', 'none', TASK, [FULL, SHORT])
    ledger.prepared(prepared(TASK, ['queries', 1], ['documents of task', 3]))
    commitAll(ledger, leaseAll(ledger, 's', MODEL))
    ledger.control('s', 'pause')
    expect(ledger.retiredEncodings(0).encodings).toEqual([])
    expect(ledger.forget([1, 2], ANY)).toEqual({ forgotten: [], freed: [] })
    ledger.control('s', 'resume')
    scoreNext(ledger, 's', 0.5)
    expect(ledger.retiredEncodings(0).encodings).toHaveLength(2)
  })

  it('waits for groups of the lane whose texts are not known yet', () => {
    const other = task('other')
    const groups = [group(MODEL, TASK), group(MODEL, other, { rank: 1 })]
    ledger.submit({ sweep: 's', name: 's', spec: '', plan: plan('s', groups), createdAt: 'now', keep: 'none' })
    finish('s')
    expect(ledger.retiredEncodings(0).encodings).toEqual([])
    finish('s', other)
    expect(ledger.retiredEncodings(0).encodings).toHaveLength(3)
  })

  it('yields to a sweep that keeps more', () => {
    submit('less', 'none')
    finish('less')
    submit('more', 'queries')
    forgetRetired()
    expect(sides()).toEqual(['query'])
  })
})

describe('forgetting', () => {
  beforeEach(() => {
    submit('s', 'all')
    finish('s')
  })

  it('drops an encoding whole, and keeps cells, runs and evidence', () => {
    const before = ledger.cells('s')
    const digests = stored().flatMap((one) => one.digests)
    const { forgotten, freed } = ledger.forget([1, 2], ANY)
    expect(forgotten).toEqual([1, 2])
    expect(freed.sort()).toEqual(digests.sort())
    expect(ledger.cells('s')).toEqual(before)
    expect(before[0]?.evidence.document).toMatchObject({ chunkCount: 3, textCount: 30 })
    expect(ledger.unreferenced([...digests, sha256('run')]).map(({ digest }) => digest)).toEqual(digests)
    expect(ledger.deleteGarbage(freed, () => undefined)).toEqual({ deleted: 4 })
    expect(ledger.forget([1, 2], ANY)).toEqual({ forgotten: [], freed: [] })
  })

  it('has what a later sweep needs encoded anew', () => {
    ledger.forget([1, 2], ANY)
    submit('same', 'all')
    expect(ledger.sweepStatus('same').state).toBe('done')
    submit('new', 'all', TASK, [SHORT])
    expect(ledger.scorableGroups('new', 9)).toEqual([])
    expect(ledger.sweepStatus('new').chunks).toMatchObject({ done: 0, total: 4 })
    commitAll(ledger, leaseAll(ledger, 'new', MODEL))
    scoreNext(ledger, 'new', 0.4)
    expect(ledger.cells('new')).toMatchObject([{ state: 'scored', mainScore: 0.4 }])
    expect(stored().map(({ digests }) => digests.length)).toEqual([1, 3])
  })

  it('never takes what an open want uses, until its sweep is cancelled', () => {
    submit('new', 'all', TASK, [SHORT])
    expect(stored().map(({ state }) => state)).toEqual(['used', 'used'])
    expect(ledger.forget([1, 2], ANY).forgotten).toEqual([])
    const [next] = ledger.scorableGroups('new', 1)
    const lease = ledger.leaseScore({ sweep: 'new', ...(next as NonNullable<typeof next>), cost: 1 })
    ledger.claim(claimOf(lease))
    ledger.control('new', 'cancel')
    expect(ledger.forget([1], ANY).forgotten).toEqual([1])
  })

  it('keeps a file that something else refers to', () => {
    submit('other', 'all', task('other'))
    ledger.prepared(prepared(task('other'), ['queries', 1], ['more', 1]))
    const [chunk] = [...ledger.todoChunks(MODEL.key, 'other')]
    const digest = stored()[1]?.digests[0] as string
    const { encoding, n } = chunk as NonNullable<typeof chunk>
    ledger.commit([{ lease: 'j', encoding, n, digest, evidence: EVIDENCE }], () => true)
    const { forgotten, freed } = ledger.forget([2], ANY)
    expect(forgotten).toEqual([2])
    expect(freed).toHaveLength(2)
    expect(freed).not.toContain(digest)
  })

  it('takes those of the sweeps named, unless another one keeps them', () => {
    const other = task('other')
    submit('other', 'all', other)
    finish('other', other)
    const rule: ForgetRule = { kind: 'sweeps', sweeps: ['s'] }
    expect(stored(rule).map(({ side, state }) => [side, state])).toEqual([
      ['query', 'kept'],
      ['document', 'free'],
    ])
    expect(ledger.forget([1, 2, 3], rule).forgotten).toEqual([2])
    expect(ledger.forget([1, 2, 3], { kind: 'sweeps', sweeps: ['s', 'other'] }).forgotten).toEqual([1, 3])
  })

  it('says of what model, tasks and time vectors are', () => {
    clock = 'later'
    submit('new', 'all', TASK, [SHORT])
    scoreNext(ledger, 'new', 0.4)
    expect(stored()[1]).toMatchObject({ model: 'model', tasks: ['task'], side: 'document', usedAt: 'later', state: 'free' })
  })

  it('leaves forgotten chunks alone when their lane dies', () => {
    ledger.forget([1, 2], ANY)
    ledger.laneDead(MODEL.key, { code: 'SB-WORK-004', kind: 'unavailable', message: '', fix: '' })
    expect(ledger.sweepStatus('s')).toMatchObject({ state: 'done', chunks: { done: 4, failed: 0 } })
  })
})
