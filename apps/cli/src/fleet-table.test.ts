import type { Health, HostView, LaneView, SweepView } from '@sweepboard/results'
import { describe, expect, it } from 'vitest'
import { displayWidth } from './display-width.ts'
import { fleetTable } from './fleet-table.ts'

const LANE = 'a'.repeat(64)
const lane: LaneView = {
  lane: LANE,
  model: 'Qwen/Qwen3-Embedding-0.6B\x1b[31m',
  engine: 'vllm',
  dtype: 'bfloat16',
  todoTokens: 41_000_000,
  todoChunks: 1200,
  openLeases: 6,
  openTokens: 1_000_000,
  slots: 2,
  tokensPerSecond: 82_000,
  etaSeconds: 512,
  unservable: null,
}
const slot = (over: Partial<HostView['slots'][number]>): HostView['slots'][number] => ({
  id: 'cuda:0',
  device: 'cuda',
  memoryBytes: 24 * 2 ** 30,
  deviceCount: 1,
  deviceName: 'NVIDIA GeForce RTX 4090',
  reading: { memoryUsedBytes: 6 * 2 ** 30, temperatureC: 61.4, utilization: 0.97, powerWatts: 300 },
  state: 'serving',
  lane: LANE,
  assigned: LANE,
  tokensPerSecond: { [LANE]: 41_000 },
  peakBytes: {},
  loadSeconds: {},
  closed: [],
  ...over,
})
const host: HostView = {
  host: 'h1',
  hostname: 'gpu-a',
  version: '0.1.0',
  boot: 1,
  silentForMs: 1200,
  holding: 6,
  slots: [
    slot({}),
    slot({ id: 'cuda:1+2', state: 'loading', reading: null, closed: [{ lane: 'b', reason: 'x', forMs: null }] }),
    slot({ id: 'score', device: 'cpu', deviceName: null, reading: null, lane: null }),
  ],
}
const sweep = {
  id: 's0123456789abcdef',
  name: 'qwen3-three-sizes',
  state: 'running',
  runMs: 1,
  budget: { cellMs: null, sweepMs: null },
  cells: { scored: 12, failed: 1, waiting: 287, total: 300 },
  tokens: { done: 9_000_000, total: 51_000_000 },
  tokensPerSecond: 80_000,
  etaSeconds: 525,
} as unknown as SweepView

const UP: Health = { ok: true, version: '0.1.0', queue: 'up', queueAwayForMs: null, isJoinable: true }

describe('fleetTable', () => {
  it('shows sweeps, lanes and slots with what they do', () => {
    const table = fleetTable({ sweeps: [sweep], lanes: [lane], hosts: [host], health: UP }, 200)
    expect(table).toMatch(/^1 host, 3 slots, 1 serving$/m)
    expect(table).toMatch(/^qwen3-three-sizes +running +12\/300 +1 +8 min 45 s +80\.0k +9\.00M\/51\.00M +s0123456789abcdef$/m)
    expect(table).toMatch(/^Qwen\/Qwen3-Embedding-0\.6B\\u001b\[31m +2 +1\.2k +42\.00M +8 min 32 s +82\.0k +6 +vllm bfloat16$/m)
    expect(table).toMatch(
      /^gpu-a +cuda:0 +serving +Qwen\/Qwen3\S+ +41\.0k +6\.0\/24\.0G +61 +97 % +6 +NVIDIA GeForce RTX 4090 +1\.2 s$/m,
    )
    expect(table).toMatch(/^gpu-a +score +ready /m)
    expect(table).toMatch(/^gpu-a +cuda:1\+2 +loading, 1 closed .* 24\.0G +NVIDIA/m)
    expect(table).not.toContain('\x1b')
  })

  it.each([60, 72, 80, 100, 140])('fits %i columns and keeps what matters most', (width) => {
    const table = fleetTable({ sweeps: [sweep], lanes: [lane], hosts: [host], health: UP }, width)
    for (const line of table.split('\n')) expect(displayWidth(line), line).toBeLessThanOrEqual(width)
    for (const word of ['running', '12/300', 'serving', '6.0/24.0G', '41.0k', 'cuda:0', 'gpu-a']) expect(table).toContain(word)
  })

  it.each([60, 300])('says below the lanes, in %i columns, which of them no slot can serve', (width) => {
    const unservable = { reason: 'no worker is joined', wouldFit: 'a cuda slot (--slots cuda)', sweeps: [], forMs: 1 }
    const table = fleetTable({ sweeps: [sweep], lanes: [{ ...lane, unservable }], hosts: [], health: UP }, width)
    for (const line of table.split('\n')) expect(displayWidth(line), line).toBeLessThanOrEqual(width)
    expect(table.replaceAll('\n', ' ')).toContain('(vllm): no worker is joined. What would fit: a cuda slot (--slots cuda)')
  })

  it.each([60, 200])("says in %i columns that the queue's Redis does not answer, and since when", (width) => {
    const health: Health = { ...UP, queue: 'away', queueAwayForMs: 95_000 }
    const table = fleetTable({ sweeps: [sweep], lanes: [], hosts: [host], health }, width)
    for (const line of table.split('\n')) expect(displayWidth(line), line).toBeLessThanOrEqual(width)
    expect(table.replaceAll('\n', ' ')).toContain("the queue's Redis does not answer the service, for 1 min 35 s now: no work")
  })

  it('an empty fleet', () => {
    expect(fleetTable({ sweeps: [], lanes: [], hosts: [], health: UP }, 60)).toBe('0 hosts, 0 slots, 0 serving\n\nNo sweep yet.')
  })
})
