import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Linux's power capping tree: energy counters of processor packages (RAPL). Most systems let only root read them. */
const POWERCAP = '/sys/class/powercap'

/** Energy since some moment, of all processor packages of this machine: other work on it is counted too. */
export interface EnergyCounter {
  /** Joules since the call before, or since opening; null where a counter could not be read. */
  lap(): number | null
}

interface Zone {
  readonly file: string
  /** Microjoules after which the counter starts again at 0. */
  readonly range: number
  last: number
}

/** Opens the counters of whole packages (`intel-rapl:0`, not its parts); null where there is none this process may read. */
export function openEnergyCounter(root = POWERCAP): EnergyCounter | null {
  const zones: Zone[] = []
  try {
    for (const name of readdirSync(root).filter((one) => /^(intel|amd)-rapl:\d+$/.test(one))) {
      const file = join(root, name, 'energy_uj')
      zones.push({ file, range: readCount(join(root, name, 'max_energy_range_uj')), last: readCount(file) })
    }
  } catch {
    return null // no such tree, or not for us
  }
  return zones.length === 0 ? null : { lap: () => lap(zones) }
}

function lap(zones: readonly Zone[]): number | null {
  let total = 0
  for (const zone of zones) {
    let now: number
    try {
      now = readCount(zone.file)
    } catch {
      return null
    }
    total += now >= zone.last ? now - zone.last : now + zone.range - zone.last
    zone.last = now
  }
  return total / 1e6
}

function readCount(file: string): number {
  const count = Number(readFileSync(file, 'utf8').trim())
  if (!Number.isFinite(count)) throw new TypeError(`${file} holds no number`)
  return count
}
