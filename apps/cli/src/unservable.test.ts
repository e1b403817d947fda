import type { LaneView } from '@sweepboard/results'
import { describe, expect, it } from 'vitest'
import { sayUnservable, UnservableTeller } from './unservable.ts'

const lane = (model: string, unservable: LaneView['unservable']) =>
  ({ lane: model, model, engine: 'openai', unservable }) as unknown as LaneView
const why = (forMs: number, sweeps = ['s1']) => ({
  reason: 'needs a slot of kind endpoint, the slots here are cpu',
  wouldFit: 'an endpoint slot (--slots endpoint)',
  sweeps,
  forMs,
})
const LINE =
  'no slot can serve BAAI/bge-m3 (openai): needs a slot of kind endpoint, the slots here are cpu. What would fit: an endpoint slot (--slots endpoint)'

describe('sayUnservable', () => {
  it('says why no slot serves a lane, of one sweep or of all, and nothing of a lane that waits its turn', () => {
    const lanes = [lane('BAAI/bge-m3', why(1)), lane('other', why(1, ['s2'])), lane('served', null)]
    expect(sayUnservable(lanes, 's1')).toEqual([LINE])
    expect(sayUnservable(lanes)).toHaveLength(2)
    expect(sayUnservable([{ ...lane('old', null), unservable: undefined } as unknown as LaneView])).toEqual([])
  })

  it('keeps to a few lines', () => {
    const lines = sayUnservable(Array.from({ length: 20 }, (_, i) => lane(`m${i}`, why(1))))
    expect(lines).toHaveLength(6)
    expect(lines.at(-1)).toContain('15 more')
  })
})

it('what has lasted is told once, a new reason again', async () => {
  const told: string[] = []
  let lanes = [lane('BAAI/bge-m3', why(500))]
  const teller = new UnservableTeller({ read: async () => lanes, sweep: 's1', tell: (line) => told.push(line), everyMs: 0 })
  await teller.look()
  expect(told).toEqual([])
  lanes = [lane('BAAI/bge-m3', why(10_000))]
  for (let i = 0; i < 3; i += 1) await teller.look()
  expect(told).toEqual([LINE])
  lanes = [lane('BAAI/bge-m3', { ...why(10_000), reason: 'no worker is joined' })]
  await teller.look()
  expect(told).toHaveLength(2)
})
