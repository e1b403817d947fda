import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseSlots } from '../src/slot-option.ts'
import { type Fleet, openFleet, textsOf } from './fleet.ts'

const QUERIES = 30
const CHUNKS = 12
const TINY = 50_000

/** Bytes of the artifacts a worker has. */
function held(folder: string): number {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names.reduce((sum, name) => sum + (/[0-9a-f]{64}$/.test(name) ? statSync(join(folder, name)).size : 0), 0)
}

describe('a worker whose cache holds less than any one lease', () => {
  let fleet: Fleet
  beforeEach(async () => {
    fleet = await openFleet()
  })
  afterEach(() => fleet.close())

  it('computes and scores all the same, each chunk once, and keeps its bound at rest and over a restart', async () => {
    const folder = join(fleet.folder, 'worker')
    const options = { folder, slots: parseSlots('2xcpu'), cacheBytes: TINY }
    const first = await fleet.worker(options)
    const sweeps = await Promise.all(
      ['a', 'b', 'c'].map((word) =>
        fleet.submit({ queries: textsOf(QUERIES, `query ${word}`), documents: textsOf(CHUNKS * 1024, word) }),
      ),
    )
    for (const sweep of sweeps) await fleet.done(sweep, 60_000)
    await first.running.idle()
    for (const sweep of sweeps) expect(fleet.service.cells(sweep)).toMatchObject([{ state: 'scored' }])
    const named = (name: string) => first.events.filter(({ event }) => event === name)
    expect(named('chunk')).toHaveLength(3 * (CHUNKS + 1))
    expect([...named('entry-dropped'), ...named('chunk-failed'), ...named('failed')]).toEqual([])
    await first.running.stop({ drain: true })

    const second = await fleet.worker(options)
    expect(held(join(folder, 'artifacts'))).toBeLessThanOrEqual(TINY)
    await second.running.idle()
  })
})
