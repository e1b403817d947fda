import { EventEmitter } from 'node:events'
import { SweepError } from '@sweepboard/contracts'
import { waitUntil } from '@sweepboard/test-kit'
import { describe, expect, it } from 'vitest'
import type { FleetSnapshot } from './fleet-snapshot.ts'
import { showLive } from './live-status.ts'

class Recorder extends EventEmitter {
  columns = 60
  rows = 8
  text = ''
  write(text: string): void {
    this.text += text
  }
  /** The frame drawn last, its lines without their ends. */
  frame(): string[] {
    const last = this.text.split('\x1b[H').at(-1) ?? ''
    return last
      .split('\x1b[J', 1)
      .join('')
      .split('\r\n')
      .map((line) => line.replace('\x1b[K', ''))
  }
}
const fleet = (hosts: number): FleetSnapshot => ({
  sweeps: [],
  lanes: [],
  health: { ok: true, version: '1', queue: 'up', queueAwayForMs: null, isJoinable: true },
  hosts: Array.from({ length: hosts }, (_, i) => ({
    ...{ host: `h${i}`, hostname: `host-${i}`, version: '1', boot: 1, silentForMs: 0, holding: 0 },
    slots: [],
  })),
})

describe('showLive', () => {
  it('draws over in place, cuts to the height, goes on while the service is away, and puts the terminal back', async () => {
    const terminal = new Recorder()
    const ending = new AbortController()
    const answers: (FleetSnapshot | Error)[] = [
      fleet(1),
      fleet(2),
      new SweepError('SB-SERVE-004', { url: 'u', message: 'm' }),
      fleet(3),
    ]
    let asked = 0
    const read = async () => {
      const answer = answers[Math.min(asked++, answers.length - 1)] as FleetSnapshot | Error
      if (answer instanceof Error) throw answer
      return answer
    }
    const shown = showLive({ read, title: 'http://service', terminal, signal: ending.signal, everyMs: 5 })
    await waitUntil(() => terminal.text.includes('3 hosts'))
    expect(terminal.text).toContain('1 host,')
    expect(terminal.text).toMatch(/does not answer; this is what[\s\S]*?2 hosts/)
    expect(terminal.text.indexOf('\x1b[2J')).toBeLessThan(20) // cleared once, on entering: a frame never clears
    expect(terminal.text.lastIndexOf('\x1b[2J')).toBe(terminal.text.indexOf('\x1b[2J'))
    terminal.rows = 3
    terminal.emit('resize')
    expect(terminal.frame()).toHaveLength(3)
    expect(terminal.frame().at(-1)).toMatch(/^… \d+ more lines$/)
    ending.abort()
    await shown
    expect(terminal.text.endsWith('\x1b[?25h\x1b[?1049l')).toBe(true)
    expect(terminal.listenerCount('resize')).toBe(0)
  })

  it('ends on a refusal, with the terminal as it was', async () => {
    const terminal = new Recorder()
    let asked = 0
    const read = async () => {
      asked += 1
      if (asked > 1) throw new SweepError('SB-SERVE-002', { token: 'read' })
      return fleet(0)
    }
    await expect(showLive({ read, title: '', terminal, signal: new AbortController().signal, everyMs: 1 })).rejects.toMatchObject(
      { code: 'SB-SERVE-002' },
    )
    expect(terminal.text.endsWith('\x1b[?25h\x1b[?1049l')).toBe(true)
  })
})
