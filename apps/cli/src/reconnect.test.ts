import { SweepError } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { reconnecting } from './reconnect.ts'

const away = () => new SweepError('SB-SERVE-004', { url: 'u', message: 'refused' })
function asking(answers: readonly (string | Error)[], mostMs = 60_000) {
  const notes: string[] = []
  const stop = new AbortController()
  let asked = 0
  const ask = async () => {
    const answer = answers[Math.min(asked, answers.length - 1)]
    asked += 1
    if (typeof answer !== 'string') throw answer
    return answer
  }
  const run = () => reconnecting(ask, { signal: stop.signal, tell: (note) => void notes.push(note), pauseMs: 1, mostMs })
  return { run, notes, stop, asked: () => asked }
}

describe('reconnecting', () => {
  it('waits for a service that comes back, and says so once each', async () => {
    const { run, notes, asked } = asking([away(), away(), away(), 'here'])
    expect(await run()).toBe('here')
    expect(asked()).toBe(4)
    expect(notes).toEqual([expect.stringContaining('waiting for it'), 'the service is back'])
  })

  it('says nothing where it answers, and passes a refusal on', async () => {
    const well = asking(['here'])
    expect([await well.run(), well.notes]).toEqual(['here', []])
    const refused = asking([new SweepError('SB-LEDGER-002', { sweep: 'x' })])
    await expect(refused.run()).rejects.toMatchObject({ code: 'SB-LEDGER-002' })
    expect(refused.asked()).toBe(1)
  })

  it('gives up in the end, and when it is told to', async () => {
    await expect(asking([away()], -1).run()).rejects.toMatchObject({ code: 'SB-SERVE-004' })
    const stopped = asking([away()])
    const running = stopped.run()
    stopped.stop.abort()
    await expect(running).rejects.toMatchObject({ code: 'SB-SERVE-004' })
  })
})
