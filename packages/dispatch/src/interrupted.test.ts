import { expect, it } from 'vitest'
import { lane, slot } from '../test/small-fleet.ts'
import { FleetTable } from './fleet-table.ts'
import { withInterrupted } from './interrupted.ts'

it.each([
  ['a small sweep that nobody serves', 'small', 30_000, 80],
  ['another lane of a sweep that is served', 'big', 30_000, 0],
  ['a sweep with so much work that the lane is waited for', 'small', 300_000, 0],
])('%s: seconds that its slot loads again', (_why, sweep, tokens, again) => {
  const tokensPerSecond = { x: 1000, y: 1000 }
  const slots = ['a', 'b'].map((id) => slot(id, { tokensPerSecond, lane: id === 'a' ? 'x' : null }))
  const of = (name: string) => ({ loadSeconds: 80, sweeps: [{ sweep: name, weight: 1 }] })
  const given = [lane('x', { ...of('big'), remainingTokens: 1_000_000 }), lane('y', { ...of(sweep), remainingTokens: tokens })]
  const table = new FleetTable(slots, given)
  const lanes = table.lanes.map((_, l) => l)
  const more = withInterrupted(table, { slots: [0, 1], lanes }, table.load)
  const y = table.lanes.findIndex(({ key }) => key === 'y')
  const [busy, idle] = [table.at(y, table.held.indexOf(1 - y)), table.at(y, table.held.indexOf(-1))]
  expect([more[busy], more[idle]]).toEqual([80 + again, 80])
  expect(more.reduce((sum, one) => sum + one)).toBe(table.load.reduce((sum, one) => sum + one) + again)
})
