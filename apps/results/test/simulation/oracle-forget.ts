import type { ForgetRule } from '@sweepboard/ledger'
import type { Simulation } from './simulation.ts'
import { Violation } from './violation.ts'

interface Link {
  readonly encoding: number
  readonly side: string
  readonly sweep: string
  readonly keep: string
  readonly isOpen: number
  readonly state: string
}

interface Stored {
  readonly encoding: number
  readonly n: number
}

/**
 * The rules of forgetting (protocol section 9), from the rows as they were before: an encoding goes whole or not at all, never while an open
 * want of a running or paused sweep or an open lease uses it, and by retention only where no sweep that names it keeps it.
 */
export class ForgetOracle {
  readonly #sim: Simulation
  forgottenCount = 0

  constructor(sim: Simulation) {
    this.#sim = sim
  }

  watch<T>(rule: ForgetRule, forget: () => T): T {
    const before = this.#stored()
    const used = this.#used()
    const kept = rule.kind === 'keep' ? this.#kept() : new Set<number>()
    const answer = forget()
    const left = new Set(this.#stored().map(nameOf))
    const gone = before.filter((one) => !left.has(nameOf(one)))
    for (const encoding of new Set(gone.map((one) => one.encoding))) {
      if (used.has(encoding)) throw new Violation('forget-unused', `encoding ${encoding} is forgotten while it is needed`)
      if (kept.has(encoding)) throw new Violation('forget-unused', `encoding ${encoding} is forgotten though a sweep keeps it`)
      const half = before.filter((one) => one.encoding === encoding && left.has(nameOf(one)))
      if (half.length > 0) throw new Violation('forget-whole', `${half.map(nameOf)} stay of a forgotten encoding`)
    }
    this.forgottenCount += gone.length
    for (const one of gone) this.#sim.oracle.forgot(nameOf(one))
    return answer
  }

  #stored(): Stored[] {
    return this.#sim.sql<Stored>('select encoding, n from chunk where digest is not null')
  }

  #links(): Link[] {
    return this.#sim.sql<Link>(
      `select ge.encoding, ge.side, s.id as sweep, s.keep, w.open as isOpen, s.state from grp_encoding ge
       join want w on w.grp = ge.grp join sweep s on s.id = w.sweep`,
    )
  }

  #used(): Set<number> {
    const needed = this.#links().filter(({ isOpen, state }) => isOpen === 1 && (state === 'running' || state === 'paused'))
    const leased = this.#sim.sql<{ encoding: number }>(
      `select encoding from chunk where lease is not null
       union select ge.encoding from grp_encoding ge join grp g on g.id = ge.grp where g.lease is not null`,
    )
    return new Set([...needed, ...leased].map(({ encoding }) => encoding))
  }

  #kept(): Set<number> {
    const keeping = this.#links().filter(({ sweep, side }) => {
      const keep = this.#sim.retention.keepOf(sweep)
      return keep === 'all' || (keep === 'queries' && side !== 'document')
    })
    return new Set(keeping.map(({ encoding }) => encoding))
  }
}

const nameOf = ({ encoding, n }: Stored): string => `${encoding}#${n}`
