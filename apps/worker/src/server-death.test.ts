import { describe, expect, it } from 'vitest'
import { type DeathFacts, judgeDeath } from './server-death.ts'
import { troubleIn } from './server-trouble.ts'

const DEATH: DeathFacts = {
  model: 'org/model',
  slot: 'cuda:0',
  during: 'ready',
  what: 'ended with exit code 0',
  tail: 'Shutting down\nEngineDeadError: see above',
  faults: ['RuntimeError: no kernel image', 'EngineDeadError: see above'],
  trouble: null,
  isDeviceLost: false,
}

describe('judgeDeath', () => {
  it('says what the log named before its last lines', () => {
    expect(judgeDeath(DEATH).death.message).toBe(
      [
        'SB-WORK-020: the server of org/model ended with exit code 0; it said:',
        'RuntimeError: no kernel image',
        'its last lines:',
        DEATH.tail,
      ].join('\n'),
    )
  })

  it('says the last lines alone where they hold all that was named, and nothing of an empty log', () => {
    const told = (facts: Partial<DeathFacts>) => judgeDeath({ ...DEATH, ...facts }).death.message
    expect(told({ faults: ['EngineDeadError: see above'] })).toBe(
      `SB-WORK-020: the server of org/model ended with exit code 0; its last lines:\n${DEATH.tail}`,
    )
    expect(told({ faults: [], tail: '', during: 'starting' })).toBe(
      'SB-WORK-021: the server of org/model did not start: ended with exit code 0',
    )
  })

  it('names memoryShare as the remedy where vLLM wants more than is free', () => {
    const line =
      'ValueError: Free memory on device (12.2/23.99 GiB) on startup is less than desired GPU memory utilization (0.92, 22.07 GiB).'
    const kind = troubleIn(line)
    const { closes } = judgeDeath({ ...DEATH, during: 'starting', trouble: kind && { kind, line } })
    expect(closes).toMatchObject({ code: 'SB-WORK-023', fix: expect.stringContaining('lower `memoryShare`') })
  })

  it('closes the slot for a device that is gone, and for one too small to start on', () => {
    const closes = (facts: Partial<DeathFacts>) => judgeDeath({ ...DEATH, ...facts }).closes?.code
    expect(closes({})).toBeUndefined()
    expect(closes({ isDeviceLost: true })).toBe('SB-WORK-024')
    const memory = { trouble: { kind: 'memory', line: 'CUDA out of memory' } } as const
    expect(closes({ ...memory, during: 'starting' })).toBe('SB-WORK-023')
    expect(closes(memory)).toBeUndefined()
  })
})
