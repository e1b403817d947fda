import { waitUntil } from '@sweepboard/test-kit'
import { describe, expect, it } from 'vitest'
import { Parting } from './parting.ts'

const NEVER_MS = 3_600_000

describe('Parting', () => {
  const open = (muteMs: number | null) => {
    const leaving = new AbortController()
    return { leaving, parting: new Parting(leaving.signal, muteMs) }
  }

  it('ends at the leaving where the server turns requests away, or as soon as it does', () => {
    for (const order of ['before', 'after']) {
      const { leaving, parting } = open(NEVER_MS)
      if (order === 'before') parting.heard('turned-away')
      expect(parting.signal.aborted).toBe(false)
      leaving.abort()
      if (order === 'after') parting.heard('turned-away')
      expect(parting.signal.aborted, order).toBe(true)
    }
  })

  it('waits for a server that answers again, until it has answered nothing for so long', async () => {
    const { leaving, parting } = open(50)
    parting.heard('turned-away')
    parting.heard('answered')
    leaving.abort()
    expect(parting.signal.aborted).toBe(false)
    await waitUntil(() => parting.signal.aborted, { what: 'the end of patience' })
  })

  it('never ends where nothing is behind HTTP', () => {
    const { leaving, parting } = open(null)
    leaving.abort()
    expect(parting.signal.aborted).toBe(false)
  })
})
