import { expect, it } from 'vitest'
import { wantedSchedules } from './consistency-schedules.ts'

const HEAD = 'sweep: s\ntasks: [SciFact]\nmodels: [m]\n'
const block = (every: string) =>
  `${HEAD}consistency: [{ model: m, against: onnx, every: ${every} }, { model: m, against: random }]\n`

/** The part of a ledger that schedules are read from; the newest sweep first. */
function ledgerOf(...sweeps: readonly { name: string; state: string; spec: string }[]) {
  const rows = sweeps.map((sweep, i) => ({ ...sweep, id: `s${i}` }))
  return {
    sweeps: () => rows,
    sweepSpec: (id: string) => rows.find((row) => row.id === id)?.spec ?? '',
  } as unknown as Parameters<typeof wantedSchedules>[0]
}

it('are those of the newest sweep of each name, unless it was cancelled; equal ones count once', () => {
  const day = { name: 'a', state: 'done', spec: block('1d') }
  const [schedule, ...more] = wantedSchedules(ledgerOf(day))
  expect(more).toEqual([]) // an entry without `every` is no schedule
  expect(schedule).toMatchObject({ everyMs: 86_400_000, name: expect.stringMatching(/^consistency-[0-9a-f]{20}$/) })
  expect(wantedSchedules(ledgerOf({ ...day, name: 'b' }, day))).toHaveLength(1)
  expect(wantedSchedules(ledgerOf({ name: 'b', state: 'running', spec: block('7d') }, day))).toHaveLength(2)
  expect(wantedSchedules(ledgerOf({ ...day, spec: HEAD }, day))).toEqual([])
  expect(wantedSchedules(ledgerOf({ ...day, state: 'cancelled' }, day))).toEqual([])
})
