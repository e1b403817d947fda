import type { Keep } from '@sweepboard/contracts'
import { Chance } from './chance.ts'

/** What sweeps keep of their vectors, and when users free disk space. Drawn apart: a seed without retention is what it was before. */
export class SimRetention {
  readonly isOn: boolean
  readonly #chance: Chance
  readonly #keeps = new Map<string, Keep>()

  constructor(seed: number, rate: number) {
    this.#chance = new Chance(seed + 2_000_003)
    this.isOn = this.#chance.hits(rate)
  }

  keepOf(sweep: string): Keep {
    const keep = this.#keeps.get(sweep) ?? (this.isOn ? this.#chance.pick(['all', 'queries', 'none', 'none'] as const) : 'all')
    this.#keeps.set(sweep, keep)
    return keep
  }

  /** Whether a user asks at this moment for all vectors to go that nothing needs. */
  get isAsked(): boolean {
    return this.isOn && this.#chance.hits(0.02)
  }

  /** Whether the service dies between forgetting vectors and unlinking their files. */
  get isFatal(): boolean {
    return this.#chance.hits(0.05)
  }
}
