import { SweepError } from '@sweepboard/contracts'
import { waitUntil } from '@sweepboard/test-kit'
import { afterEach, describe, expect, it } from 'vitest'
import { type Fleet, openFleet, textsOf } from './fleet.ts'

/** 30 queries, 1,500 documents. */
const CHUNKS = 3

describe('chunks whose results wait in the own outbox', () => {
  let fleet: Fleet
  afterEach(() => fleet.close())

  it('are not computed again under a new lease', async () => {
    fleet = await openFleet()
    const trouble = { isAway: false, isRefused: true }
    const away = () => Promise.reject(new SweepError('SB-SERVE-004', { url: 'x', message: 'away' }))
    const { events } = await fleet.worker({
      link: {
        ...fleet.link,
        beat: (beat) => (trouble.isAway ? away() : fleet.link.beat(beat)),
        claim: (claim) => (trouble.isAway ? away() : fleet.link.claim(claim)),
        commit: (...commits) => (trouble.isRefused ? away() : fleet.link.commit(...commits)),
      },
    })
    const sweep = await fleet.submit({ queries: textsOf(30, 'query'), documents: textsOf(1500, 'document') })
    const count = (name: string) =>
      new Set(events.filter(({ event }) => event === name).map(({ encoding, n }) => `${encoding} ${n}`))
    await waitUntil(() => count('chunk').size === CHUNKS, { deadlineMs: 30_000, what: 'every chunk in the outbox' })
    trouble.isAway = true
    // Nothing expires while nobody is heard: another host is.
    const other = { host: 'other', hostname: 'other', boot: 1, version: '1', slots: [], holding: [], weights: null, allowEnv: [] }
    let seq = 0
    const isOver = async () => {
      seq += 1
      await fleet.link.beat({ ...other, seq })
      return fleet.service.ledger.openLeases().every(({ run }) => run === null)
    }
    await waitUntil(isOver, { what: 'the end of the leases' })
    trouble.isAway = false
    await waitUntil(() => count('chunk-known').size === CHUNKS, { what: 'every chunk known under a new lease' })
    trouble.isRefused = false
    await fleet.done(sweep)
    expect(events.filter(({ event }) => event === 'chunk')).toHaveLength(CHUNKS)
    expect(fleet.service.cells(sweep)).toMatchObject([{ state: 'scored' }])
    await waitUntil(() => fleet.service.ledger.openLeases().length === 0, { what: 'no lease left' })
  })
})
