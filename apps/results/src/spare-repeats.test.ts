import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLocalQueue } from '@sweepboard/queue'
import { describe, expect, it, vi } from 'vitest'
import { Service } from './service.ts'
import { spareRepeats } from './spare-repeats.ts'

const full = { level: 'error', message: 'tick failed', error: 'SweepError: the disk is full' }
const other = { level: 'error', message: 'tick failed', error: 'SweepError: another' }

describe('spareRepeats', () => {
  const open = () => {
    const said: [number, unknown][] = []
    const clock = { ms: 0 }
    const write = spareRepeats(
      (entry) => said.push([clock.ms, entry]),
      () => clock.ms,
    )
    const at = (ms: number, entry: Readonly<Record<string, unknown>>) => {
      clock.ms = ms
      write(entry)
    }
    return { said, at }
  }

  it('says ten failures a second at once and every 30 s, with how many they were', () => {
    const { said, at } = open()
    for (let ms = 0; ms <= 60_000; ms += 100) at(ms, full)
    expect(said).toEqual([
      [0, full],
      [30_000, { ...full, times: 300 }],
      [60_000, { ...full, times: 300 }],
    ])
  })

  it('says another failure at once, one that comes back after a pause as a new one, and all that is no error', () => {
    const { said, at } = open()
    const news = { event: 'sweep', message: 'news' }
    for (const [ms, entry] of [
      [0, full],
      [100, other],
      [200, full],
      [300, news],
      [400, news],
      [40_000, other],
      [40_100, full],
    ] as const)
      at(ms, entry)
    expect(said.map(([ms]) => ms)).toEqual([0, 100, 300, 400, 40_000, 40_100])
    expect(said.at(-2)).toEqual([40_000, other])
  })
})

it('a service whose every tick fails says so once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sweepboard-repeats-'))
  const entries: unknown[] = []
  const service = await Service.open({
    folder,
    holder: 'a test',
    openQueue: async () => ({ queue: openLocalQueue(), join: { kind: 'local' } }),
    version: '0',
    beatMs: 1000,
    tickMs: 1,
    readableRoots: [],
    log: (entry) => entries.push(entry),
  })
  const tick = vi.spyOn(service.coordinator, 'tick').mockRejectedValue(new Error('full'))
  service.start()
  await vi.waitUntil(() => tick.mock.calls.length >= 20)
  await service.stop()
  rmSync(folder, { recursive: true, force: true })
  expect(entries).toEqual([{ level: 'error', message: 'tick failed', error: 'Error: full' }])
})
