import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { BREAKAGES } from './breakages.ts'

/** What protocol section 14 lists as broken on purpose, in its order. */
const LISTED: readonly string[] = [
  'claim granted to anyone',
  'claim by host instead of run',
  'failures accepted from closed leases',
  'commit overwrites',
  'no reconciler',
  'no expiry by silence',
  'ticket completed before the outbox write',
  'outbox entry removed before the acknowledgement',
  'outbox leases not named',
  'claim named late',
  'no claim seq',
  'no boot order',
  'completeness in a second transaction',
  'completeness by an early counter',
  'ready without attached',
  'ready at commits only',
  'commit without a look at the file',
  'gc without a second look',
  'cancel keeps leases',
  'failure keeps leases',
  'stop ignored',
  'no isolation',
  'no quarantine',
  'crashes by silence',
  'no mark',
  'end before its commits',
  'ticket id from the chunk',
  'scorer trusts artifacts',
  'two leases for a chunk',
  'retry deletes rows',
  'grace not restarted with the service',
  'no window',
]
/** Planted beside those of the list. */
const OURS_ALONE = ['stop not answered', 'retry computes scored cells again']
const PROTOCOL = new URL('../../../../../shared/protocol.md', import.meta.url)

describe('the breakages of protocol section 14', () => {
  it('are 32, and each is planted', () => {
    expect(LISTED).toHaveLength(32)
    const wanted = [...LISTED, ...OURS_ALONE]
    expect(Object.keys(BREAKAGES).sort()).toEqual(wanted.sort())
  })

  it.skipIf(!existsSync(PROTOCOL))('are those the protocol names (needs ../shared/protocol.md)', () => {
    const list = /\*\*Broken on purpose, 32 ways[\s\S]*?(?=\*\*Not simulated)/.exec(readFileSync(PROTOCOL, 'utf8'))?.[0] ?? ''
    // "no isolation and no quarantine" are two; the sentence before the list and the remark in brackets are none.
    const named = list
      .slice(list.indexOf('): ') + 3)
      .replace(/\([^)]*\)/g, '')
      .replace(/`/g, '')
      .replace('no isolation and no quarantine', 'no isolation; no quarantine')
      .split(/;|\.\s*$/)
      .map((one) => one.replace(/\s+/g, ' ').trim())
      .filter((one) => one !== '')
    expect(named).toEqual(LISTED)
  })
})
