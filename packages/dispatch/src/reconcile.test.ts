import { describe, expect, it } from 'vitest'
import { isAfter, leasesToStop, type OpenLease, omittedLeases, reconcile, type Situation } from './reconcile.ts'

const lease = (over: Partial<OpenLease> = {}): OpenLease => ({
  id: 'j1',
  lane: 'x',
  isClaimed: false,
  sentAt: 0,
  namedAt: null,
  ...over,
})
const situation = (over: Partial<Situation> = {}): Situation => ({
  now: 100_000,
  heardSince: 0,
  isHeard: true,
  graceMs: 25_000,
  leases: [],
  servedLanes: new Set(['x']),
  waiting: new Map([['x', []]]),
  ...over,
})

describe('the table of protocol section 7', () => {
  it.each([
    ['sent, ticket unknown or taken without claim', situation({ leases: [lease()] }), ['expire lost']],
    ['sent, ticket waiting in a served lane', situation({ leases: [lease()], waiting: new Map([['x', ['j1']]]) }), []],
    [
      'sent, ticket waiting in a lane nobody serves',
      situation({ leases: [lease()], waiting: new Map([['x', ['j1']]]), servedLanes: new Set() }),
      ['expire stranded'],
    ],
    ['sent a moment ago', situation({ leases: [lease({ sentAt: 90_000 })] }), []],
    ['sent long ago, but the service has just started', situation({ leases: [lease({ sentAt: null })], heardSince: 90_000 }), []],
    ['claimed, host silent', situation({ leases: [lease({ isClaimed: true, namedAt: 70_000 })] }), ['expire silent']],
    ['claimed, host named it lately', situation({ leases: [lease({ isClaimed: true, namedAt: 80_000 })] }), []],
    [
      'claimed, host silent since before the service started',
      situation({ leases: [lease({ isClaimed: true })], heardSince: 80_000 }),
      [],
    ],
    ['claimed, all hosts silent', situation({ leases: [lease({ isClaimed: true, namedAt: 70_000 })], isHeard: false }), []],
    ['sent, all hosts silent', situation({ leases: [lease()], isHeard: false }), ['expire lost']],
    ['ticket without lease', situation({ waiting: new Map([['x', ['j9']]]) }), ['remove-ticket j9']],
    [
      'ticket of a claimed lease',
      situation({ leases: [lease({ isClaimed: true, namedAt: 99_000 })], waiting: new Map([['x', ['j1']]]) }),
      ['remove-ticket j1'],
    ],
    ['the queue does not answer, sent lease', situation({ leases: [lease()], waiting: null }), []],
    [
      'the queue does not answer, silent host',
      situation({ leases: [lease({ isClaimed: true })], waiting: null }),
      ['expire silent'],
    ],
    ['a lane that was not asked', situation({ leases: [lease({ lane: 'y' })] }), []],
  ])('%s', (_name, given, expected) => {
    expect(
      reconcile(given).map((action) => (action.kind === 'expire' ? `expire ${action.why}` : `remove-ticket ${action.ticket}`)),
    ).toEqual(expected)
  })

  it.each(Array.from({ length: 50 }, (_, i) => i * 1000))(
    'expires nothing within grace, whatever happened (%i ms after)',
    (quiet) => {
      const all = [false, true].flatMap((isClaimed) =>
        [null, 100_000 - quiet].map((at) => lease({ id: `j${isClaimed}${at}`, isClaimed, sentAt: at, namedAt: at })),
      )
      const expired = reconcile(situation({ leases: all, heardSince: 100_000 - quiet }))
      expect(expired.length).toBe(quiet > 25_000 ? 4 : 0)
    },
  )
})

describe('(boot, seq)', () => {
  const held = [{ id: 'j1', boot: 3, claimSeq: 7 }]

  it.each([
    ['the beat composed before the claim', 3, 7, []],
    ['an earlier beat, late', 3, 2, []],
    ['a late beat of the boot before', 2, 99, []],
    ['the next beat', 3, 8, ['j1']],
    ['the first beat of the next boot', 4, 0, ['j1']],
  ])('%s', (_name, boot, seq, omitted) => {
    expect(omittedLeases(held, { boot, seq, holding: [] })).toEqual(omitted)
    expect(omittedLeases(held, { boot, seq, holding: ['j1'] })).toEqual([])
  })

  it('is a strict order', () => {
    const moments = [0, 1, 2].flatMap((boot) => [0, 1, 2].map((seq) => ({ boot, seq })))
    for (const a of moments) for (const b of moments) expect(isAfter(a, b) && isAfter(b, a)).toBe(false)
    expect(moments.every((a, i) => moments.every((b, k) => isAfter(a, b) === i > k))).toBe(true)
  })
})

it('stops what the ledger does not have and what another host claimed, not what is unclaimed', () => {
  const holders = new Map([
    ['mine', 'h1'],
    ['free', null],
    ['theirs', 'h2'],
  ])
  expect(leasesToStop(['mine', 'free', 'theirs', 'gone'], 'h1', (id) => holders.get(id))).toEqual(['theirs', 'gone'])
})
