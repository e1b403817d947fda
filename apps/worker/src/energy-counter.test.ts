import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openEnergyCounter } from './energy-counter.ts'

describe('energy of the processor packages', () => {
  let root: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'sweepboard-rapl-'))
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  function zone(name: string, microjoules: number): void {
    mkdirSync(join(root, name), { recursive: true })
    writeFileSync(join(root, name, 'energy_uj'), `${microjoules}\n`)
    writeFileSync(join(root, name, 'max_energy_range_uj'), '262143328850\n')
  }

  it('adds packages up and leaves their parts out; a counter that starts again goes on', () => {
    zone('intel-rapl:0', 262_143_328_000)
    zone('intel-rapl:1', 1_000_000)
    zone('intel-rapl:0:0', 5)
    const counter = openEnergyCounter(root)
    zone('intel-rapl:0', 1_999_150)
    zone('intel-rapl:1', 4_000_000)
    zone('intel-rapl:0:0', 9_000_000)
    expect(counter?.lap()).toBeCloseTo(2 + 3, 9)
    expect(counter?.lap()).toBe(0)
  })

  it('is null where nothing can be read', () => {
    expect(openEnergyCounter(join(root, 'nowhere'))).toBeNull()
    expect(openEnergyCounter(root)).toBeNull()
    zone('intel-rapl:0', 1)
    const counter = openEnergyCounter(root)
    rmSync(join(root, 'intel-rapl:0'), { recursive: true })
    expect(counter?.lap()).toBeNull()
  })
})
