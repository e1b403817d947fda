import type { TicketConsumer, TicketQueue } from '@sweepboard/contracts'
import type { Chance } from './chance.ts'

interface Lane {
  wait: string[]
  active: Map<string, number>
}

const LOCK_TICKS = 12

/** Redis under faults: loses, doubles and reorders tickets, goes away, forgets everything, goes back in time. */
export class SimQueue implements TicketQueue {
  isUp = true
  isHostile = false
  #lanes = new Map<string, Lane>()
  #past: string[] = []
  readonly #chance: Chance

  constructor(chance: Chance) {
    this.#chance = chance
  }

  #lane(name: string): Lane {
    let lane = this.#lanes.get(name)
    if (lane === undefined) {
      lane = { wait: [], active: new Map() }
      this.#lanes.set(name, lane)
    }
    return lane
  }

  #check(): void {
    if (!this.isUp) throw new Error('redis away')
  }

  async add(name: string, ticket: string): Promise<void> {
    this.#check()
    if (this.isHostile && this.#chance.hits(0.01)) return
    const lane = this.#lane(name)
    if (!lane.wait.includes(ticket) && !lane.active.has(ticket)) lane.wait.push(ticket)
  }

  async waiting(name: string): Promise<string[]> {
    this.#check()
    return [...this.#lane(name).wait]
  }

  async remove(name: string, ticket: string): Promise<boolean> {
    this.#check()
    const lane = this.#lane(name)
    const was = lane.wait.length
    lane.wait = lane.wait.filter((one) => one !== ticket)
    return lane.wait.length < was
  }

  consume(): TicketConsumer {
    throw new Error('simulated workers take tickets one by one')
  }

  async close(): Promise<void> {}

  take(name: string, now: number): string | null {
    if (!this.isUp) return null
    const lane = this.#lane(name)
    if (lane.wait.length === 0) return null
    const [ticket] = lane.wait.splice(this.isHostile ? this.#chance.int(lane.wait.length) : 0, 1) as [string]
    lane.active.set(ticket, now + LOCK_TICKS)
    if (this.isHostile && this.#chance.hits(0.02)) lane.wait.push(ticket)
    return ticket
  }

  renew(name: string, ticket: string, now: number): void {
    const lane = this.#lane(name)
    if (this.isUp && lane.active.has(ticket)) lane.active.set(ticket, now + LOCK_TICKS)
  }

  finish(name: string, ticket: string): void {
    if (this.isUp) this.#lane(name).active.delete(ticket)
  }

  /** Lost locks bring tickets back; the past is kept for `rollBack`. */
  tick(now: number): void {
    this.#past.push(JSON.stringify([...this.#lanes].map(([name, { wait, active }]) => [name, wait, [...active]])))
    if (this.#past.length > 3) this.#past.shift()
    if (!this.isUp) return
    for (const lane of this.#lanes.values()) {
      for (const [ticket, lock] of lane.active) {
        if (lock >= now) continue
        lane.active.delete(ticket)
        lane.wait.push(ticket)
      }
    }
  }

  flush(): void {
    this.#lanes.clear()
  }

  rollBack(): void {
    const past: [string, string[], [string, number][]][] = JSON.parse(this.#past[0] ?? '[]')
    this.#lanes = new Map(past.map(([name, wait, active]) => [name, { wait, active: new Map(active) }]))
  }

  waitingCount(): number {
    return [...this.#lanes.values()].reduce((sum, { wait }) => sum + wait.length, 0)
  }
}
