import { expect, it } from 'vitest'
import { freshSlot, type Lane } from './fit.ts'
import { FleetTable } from './fleet-table.ts'
import { withInterrupted } from './interrupted.ts'

const lane = (key: string, sweep: string, remainingTokens: number): Lane => ({
  key,
  devices: ['cpu'],
  memoryBytes: 1e9,
  memoryShare: 1,
  spansDevices: false,
  parameterCount: null,
  weights: null,
  keyVariable: null,
  maxSlots: null,
  loadSeconds: 80,
  remainingTokens,
  unservedForMs: 0,
  sweeps: [{ sweep, weight: 1 }],
})

it.each([
  ['a small sweep that nobody serves', 'small', 30_000, 80],
  ['another lane of a sweep that is served', 'big', 30_000, 0],
  ['a sweep with so much work that the lane is waited for', 'small', 300_000, 0],
])('%s: seconds that its slot loads again', (_why, sweep, tokens, again) => {
  const hardware = { device: 'cpu', memoryBytes: 8e9, deviceCount: 1, deviceName: null } as const
  const speeds = { tokensPerSecond: { x: 1000, y: 1000 } }
  const slots = ['a', 'b'].map((id) => ({ ...freshSlot({ id, ...hardware }), ...speeds, lane: id === 'a' ? 'x' : null }))
  const table = new FleetTable(slots, [lane('x', 'big', 1_000_000), lane('y', sweep, tokens)])
  const lanes = table.lanes.map((_, l) => l)
  const more = withInterrupted(table, { slots: [0, 1], lanes }, table.load)
  const y = table.lanes.findIndex(({ key }) => key === 'y')
  const [busy, idle] = [table.at(y, table.held.indexOf(1 - y)), table.at(y, table.held.indexOf(-1))]
  expect([more[busy], more[idle]]).toEqual([80 + again, 80])
  expect(more.reduce((sum, one) => sum + one)).toBe(table.load.reduce((sum, one) => sum + one) + again)
})
