import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SlotMemory } from './slot-memory.ts'

let folder: string
let file: string
let at = 0
const now = () => at
const open = (identities?: Map<string, string>) => SlotMemory.open(file, now, identities)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sb-memory-'))
  file = join(folder, 'slots.json')
  at = 0
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('SlotMemory', () => {
  it('keeps what a slot learned over a restart', async () => {
    const memory = await open()
    await memory.measured('cpu0', 'lane', 100)
    at += 6000
    await memory.loaded('cpu0', 'lane', 80)
    at += 6000
    await memory.held('cpu0', 'lane', 5e9)
    await memory.setBudget('cpu0', 'lane', 4096)
    const again = await open()
    expect([again.speeds('cpu0'), again.loadTimes('cpu0'), again.peaks('cpu0')]).toEqual([
      { lane: 100 },
      { lane: 80 },
      { lane: 5e9 },
    ])
    expect(again.budget('cpu0', 'lane')).toBe(4096)
  })

  it('keeps the highest memory, means of speeds and of load times, and nothing that is no number', async () => {
    const memory = await open()
    for (const bytes of [3e9, 5e9, 4e9, Number.NaN]) await memory.held('a', 'lane', bytes)
    for (const seconds of [10, 20, -1, Number.POSITIVE_INFINITY]) await memory.loaded('a', 'lane', seconds)
    expect([memory.peaks('a'), memory.loadTimes('a')]).toEqual([{ lane: 5e9 }, { lane: 13 }])
  })

  it('gives a swapped card nothing, and one with another number what it had', async () => {
    const before = await open(new Map([['cuda0', 'GPU-old']]))
    await before.setBudget('cuda0', 'lane', 8)
    expect((await open(new Map([['cuda0', 'GPU-new']]))).budget('cuda0', 'lane')).toBeNull()
    expect((await open(new Map([['cuda1', 'GPU-old']]))).budget('cuda1', 'lane')).toBe(8)
  })

  it('loses measurements to a damaged file and nothing else', async () => {
    for (const text of [
      '',
      '{"cpu0":',
      '[1]',
      'null',
      '{"cpu0":7}',
      '{"cpu0":{"lane":{"tokenBudget":"many"},"other":{"peakBytes":1}}}',
    ]) {
      writeFileSync(file, text)
      const memory = await open()
      expect(memory.budget('cpu0', 'lane')).toBeNull()
      await memory.setBudget('cpu0', 'lane', 16)
      expect((await open()).budget('cpu0', 'lane')).toBe(16)
    }
    expect((await open()).peaks('cpu0')).toEqual({ other: 1 })
  })

  it('forgets the loads used longest ago', async () => {
    const memory = await open()
    for (let i = 0; i < 201; i += 1) await memory.setBudget('cpu0', `lane${i}`, 1 + i)
    expect([memory.budget('cpu0', 'lane0'), memory.budget('cpu0', 'lane1')]).toEqual([null, 2])
    expect(Object.keys(JSON.parse(readFileSync(file, 'utf8')).cpu0)).toHaveLength(200)
  })
})
