import type { SimHost } from './sim-host.ts'
import type { Simulation } from './simulation.ts'

const CHUNKS = 'select digest from chunk where digest is not null'
const PAIR_SETS = `select distinct e.textSet as digest from grp_encoding ge join encoding e on e.id = ge.encoding where ge.side like 'pair%'`

/** One random fault, or none. */
export function mischief(sim: Simulation): void {
  const { chance } = sim
  const host = chance.pick(sim.hosts)
  const k = chance.next()
  const during = (ticks: number, undo: () => void) => sim.later(ticks, undo)
  if (k < 0.02) {
    if (host.isUp) host.kill('random')
  } else if (k < 0.03) {
    if (sim.service.isUp) sim.service.crash(chance.hits(0.3) ? 'long' : 'random')
  } else if (k < 0.04) {
    if (host.isUp && host.stoppedUntil === 0) host.stoppedUntil = sim.now + 2 + chance.int(50)
  } else if (k < 0.048) sim.queue.flush()
  else if (k < 0.056) sim.queue.rollBack()
  else if (k < 0.062) {
    sim.queue.isUp = false
    during(3 + chance.int(25), () => {
      sim.queue.isUp = true
    })
  } else if (k < 0.068) cut(sim, host)
  else if (k < 0.074) fill(sim, host)
  else if (k < 0.08) damage(sim, CHUNKS)
  else if (k < 0.083) vanish(sim, host)
  else if (k < 0.09 && host.isUp) {
    host.isDraining = true
    during(15, () => {
      host.isDraining = false
    })
  } else if (k >= 1 - sim.pairDamage) damage(sim, PAIR_SETS)
}

function cut(sim: Simulation, host: SimHost): void {
  host.isCut = true
  host.disturbed = sim.now
  sim.later(5 + sim.chance.int(50), () => {
    host.isCut = false
    host.disturbed = sim.now
  })
}

function fill(sim: Simulation, host: SimHost): void {
  host.isFull = true
  host.wasFull = sim.now
  sim.later(10 + sim.chance.int(30), () => {
    host.isFull = false
    host.wasFull = sim.now
  })
}

function damage(sim: Simulation, digests: string): void {
  const rows = sim.sql<{ digest: string }>(digests)
  if (rows.length === 0) return
  const { digest } = sim.chance.pick(rows)
  sim.damaged.add(digest)
  sim.oracle.children.damaged()
  if (sim.chance.hits(0.5)) sim.store.delete(digest)
  else sim.store.set(digest, 'JUNK')
}

/** A host goes, and its disk with it. */
function vanish(sim: Simulation, host: SimHost): void {
  if (!host.isUp || host.isGone || sim.hosts.filter(({ isGone }) => !isGone).length < 2) return
  if (sim.world.hasEndpoint && host.id === 'h0') return
  host.isGone = sim.chance.hits(0.5) ? 'for good' : 'for now'
  host.kill('vanishes')
  sim.oracle.allow(host.disk.outbox.length)
  host.disk = { outbox: [], copies: new Map(), marks: new Map(), nextId: host.disk.nextId }
}

/** Ends every fault: from here on everything must come to its end. */
export function heal(sim: Simulation): void {
  sim.queue.isUp = true
  for (const host of sim.hosts) {
    host.isCut = false
    host.isFull = false
    host.isDraining = false
    if (host.stoppedUntil > 0) host.stoppedUntil = sim.now
    if (host.isGone === 'for now') host.isGone = false
    if (!host.isUp) host.downUntil = sim.now
  }
  sim.service.backAt(sim.now)
}
