import { SweepError } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { tellingWaits } from './telling-waits.ts'

describe('tellingWaits', () => {
  it('tells once what a run waits for, and writes everything', () => {
    const [written, told]: [unknown[], string[]] = [[], []]
    const log = tellingWaits(
      (entry) => void written.push(entry),
      (text) => void told.push(text),
    )
    const full = { level: 'error', message: 'tick failed', error: String(new SweepError('SB-LEDGER-005', { message: 'full' })) }
    const entries = [
      { event: 'engine-busy', message: '429' },
      { event: 'lane-closed', forGood: true, message: 'dead' },
      { event: 'lane-closed', forGood: false, message: 'away' },
      { event: 'disk-full', folder: '/data/worker' },
      { event: 'chunk', message: 'no wait' },
      full,
      full,
    ]
    for (const entry of entries) log(entry)
    expect(written).toEqual(entries)
    expect(told).toEqual([
      'note: waiting, and asking again: 429',
      'note: waiting, and asking again: away',
      expect.stringMatching(/^note: waiting, .*the disk with \/data\/worker takes no more: make room/),
      expect.stringMatching(/^note: waiting, and asking again: SB-LEDGER-005: the ledger cannot be written: full/),
    ])
  })
})
