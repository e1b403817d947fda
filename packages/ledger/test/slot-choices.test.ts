import type { Load, SlotChoice } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { group, load, memory, submit, task } from './fixture.ts'

const small: SlotChoice = { is: { device: 'cuda', memory: [{ op: '<', bytes: 20e9 }] }, not: [] }
const large: SlotChoice = { is: { device: 'cuda', memory: [{ op: '>=', bytes: 20e9 }] }, not: [] }
const meantFor = (slots?: SlotChoice[]): Load => {
  const any = load('a')
  return slots === undefined ? any : { ...any, open: { ...any.open, slots } }
}
function ledgerOf(...submits: readonly (SlotChoice[] | undefined)[]) {
  const ledger = memory()
  for (const [i, slots] of submits.entries()) submit(ledger, `s${i}`, [group(meantFor(slots), task(`t${i}`))])
  return ledger
}
const heldBy = (ledger: ReturnType<typeof memory>) => ledger.load(load('a').key)?.open.slots

describe('slots that a load is meant for', () => {
  it('are those of its sweep, and in the next one its own', () => {
    const ledger = ledgerOf([small])
    expect(heldBy(ledger)).toEqual([small])
    ledger.control('s0', 'cancel')
    submit(ledger, 's1', [group(meantFor([large]), task('t1'))])
    expect(heldBy(ledger)).toEqual([large])
  })

  it('never leave the work of another running sweep without the slots it had', () => {
    expect(heldBy(ledgerOf([small], [large]))).toEqual([small, large])
    expect(heldBy(ledgerOf(undefined, [small]))).toBeUndefined()
    expect(heldBy(ledgerOf([small], undefined))).toBeUndefined()
    const paused = ledgerOf([small])
    paused.control('s0', 'pause')
    submit(paused, 's1', [group(meantFor([large]), task('t1'))])
    expect(heldBy(paused)).toEqual([small, large])
  })
})
