import { describe, expect, it } from 'vitest'
import { parseSlots } from './slot-option.ts'

describe('parseSlots', () => {
  it('reads devices, counts and lists; ids count up by device', () => {
    expect(parseSlots('cpu')).toEqual([{ id: 'cpu0', device: 'cpu' }])
    expect(parseSlots('cpu, 2xendpoint,cpu').map(({ id }) => id)).toEqual(['cpu0', 'endpoint0', 'endpoint1', 'cpu1'])
  })

  it('refuses everything wrong at once; GPUs as not yet there', () => {
    let thrown: unknown
    try {
      parseSlots('cpus,cuda:0,0xcpu,cpu')
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({ code: 'SB-WORK-005', kind: 'invalid' })
    expect(thrown).toMatchObject({ mistakes: [{ code: 'SB-WORK-005' }, { code: 'SB-CORE-002' }, { code: 'SB-WORK-005' }] })
    expect(() => parseSlots('')).toThrow(/SB-WORK-005/)
    expect(() => parseSlots('9999xcpu')).toThrow(/SB-WORK-005/)
  })
})
