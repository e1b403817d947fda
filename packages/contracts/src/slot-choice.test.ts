import { describe, expect, it } from 'vitest'
import { isChosen, type SlotChoice, type SlotCondition, sayChoices, uniteChoices } from './slot-choice.ts'

const slot = (device: 'cpu' | 'cuda' | 'endpoint', gigabytes: number) => ({ device, memoryBytes: gigabytes * 1e9 })
const small: SlotCondition = { device: 'cuda', memory: [{ op: '<', bytes: 20e9 }] }
const middle: SlotCondition = {
  device: 'cuda',
  memory: [
    { op: '>=', bytes: 20e9 },
    { op: '<=', bytes: 30e9 },
  ],
}
const onSmall: SlotChoice = { is: small, not: [middle] }
const others: SlotChoice = { is: null, not: [small, middle] }

describe('choices of slots', () => {
  it('takes slots on either side of a bound as written', () => {
    const at = (op: '<' | '<=' | '>' | '>=', gigabytes: number) =>
      isChosen([{ is: { device: 'cuda', memory: [{ op, bytes: 20e9 }] }, not: [] }], slot('cuda', gigabytes))
    expect([at('<', 19.9), at('<', 20), at('<=', 20), at('<=', 20.1)]).toEqual([true, false, true, false])
    expect([at('>', 20.1), at('>', 20), at('>=', 20), at('>=', 19.9)]).toEqual([true, false, true, false])
  })

  it('leaves each device to one side: conditions and what meets none of them', () => {
    const devices = [slot('cuda', 16), slot('cuda', 24), slot('cuda', 48), slot('cpu', 16), slot('endpoint', 0)]
    expect(devices.map((one) => isChosen([onSmall], one))).toEqual([true, false, false, false, false])
    expect(devices.map((one) => isChosen([others], one))).toEqual([false, false, true, true, true])
    expect(devices.every((one) => isChosen(undefined, one))).toBe(true)
  })

  it('unites: every slot stays every slot, equal choices are one', () => {
    expect(uniteChoices([onSmall], undefined)).toBeUndefined()
    expect(uniteChoices([onSmall], [{ ...onSmall }])).toEqual([onSmall])
    expect(uniteChoices([onSmall], [others])).toEqual([onSmall, others])
    const many = Array.from(
      { length: 65 },
      (_, i): SlotChoice => ({ is: { device: 'cpu', memory: [{ op: '<', bytes: i }] }, not: [] }),
    )
    expect(uniteChoices(many, many)).toBeUndefined()
  })

  it('is said in words', () => {
    expect(sayChoices([{ is: small, not: [] }])).toBe('cuda with memory < 18.6 GiB')
    expect(sayChoices([others])).toBe('not cuda with memory < 18.6 GiB and not cuda with memory >= 18.6 GiB and <= 27.9 GiB')
    expect(sayChoices([{ is: null, not: [] }])).toBe('any slot')
  })
})
