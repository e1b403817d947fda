import { type ChunkEvidence, sha256 } from '@sweepboard/contracts'
import { CHUNK_TOKENS } from './chunk-size.ts'
import type { SimHost } from './sim-host.ts'
import type { Item, Job, SimSlot } from './sim-types.ts'
import type { Simulation } from './simulation.ts'
import { Crash } from './violation.ts'

/** One tick of an encode run: whole chunks, in order, each into an artifact and an outbox entry. */
export function encodeStep(sim: Simulation, host: SimHost, slot: SimSlot, job: Job): void {
  if (!job.hasItems && isFetching(sim, host, job)) return
  if (job.current === null && mustWait(host, slot, job)) return
  if (!host.breakage.noMark && !host.disk.marks.has(job.lease)) host.disk.marks.set(job.lease, [...job.todo])
  if (job.current === null) {
    const next = job.todo.shift()
    if (next === undefined) {
      finish(sim, host, slot, job)
      return
    }
    job.current = next
    job.ticksLeft = host.ticksPerChunk
    sim.oracle.begun(job.lease, next)
    sim.log(host.id, 'begin', next.label, job.lease)
    sim.point('w.chunk-begun')
  }
  job.ticksLeft -= 1
  const isKilled = sim.world.isKiller(job.current.label) && job.ticksLeft <= Math.max(0, host.ticksPerChunk - host.killTicks)
  if (isKilled) throw new Crash('killer text')
  if (job.ticksLeft > 0) return
  chunkDone(sim, host, { slot, job }, job.current)
  job.current = null
}

/** Pair sets are read first; chunks of one that is gone fail without the engine. True as long as the answer is not there. */
function isFetching(sim: Simulation, host: SimHost, job: Job): boolean {
  const sets = [...new Set(job.todo.flatMap(({ pairSet }) => pairSet ?? []))]
  if (sets.length === 0) job.hasItems = true
  if (job.isAsked || job.hasItems) return !job.hasItems
  job.isAsked = true
  sim.request(host, { kind: 'fetch', body: sets }, (labels) => {
    job.isAsked = labels !== null
    if (job.isDead || labels === null) return
    const gone = new Set(sets.filter((_, i) => labels[i] === null))
    for (const { encoding, n, label, pairSet } of job.todo) {
      const failure = { encoding, n, kind: 'engine' as const, code: 'SB-ART-001', message: label, fix: '', text: null }
      if (pairSet !== null && gone.has(pairSet)) job.failures.push(failure)
    }
    job.todo = job.todo.filter(({ pairSet }) => pairSet === null || !gone.has(pairSet))
    job.hasItems = true
  })
  return true
}

/** A quarantined run computes with nothing beside it on its host. */
function mustWait(host: SimHost, slot: SimSlot, job: Job): boolean {
  const isAlone = (one: Job | undefined) => one?.work?.kind === 'encode' && one.work.alone
  return host.slots.some((other) => {
    const [first] = other.jobs
    if (other === slot || other.isScore || first?.state !== 'running') return false
    return isAlone(job) ? first.current !== null || (isAlone(first) && other.id < slot.id) : isAlone(first)
  })
}

function chunkDone(
  sim: Simulation,
  host: SimHost,
  { slot, job }: { slot: SimSlot; job: Job },
  { encoding, n, label }: Item,
): void {
  const failure = { encoding, n, code: 'SB-MODEL-006', message: label, fix: '', text: 0 }
  const flaky = sim.world.flakiness(label)
  if (sim.world.isPoison(label)) job.failures.push({ ...failure, kind: 'poison' })
  else if (flaky > 0) {
    sim.world.flaky.set(label, flaky - 1)
    sim.oracle.allow(1)
    job.failures.push({ ...failure, kind: 'engine', text: null })
  } else if (host.isFull) job.todo = []
  else {
    sim.point('w.artifact-before')
    const digest = sha256(`${label} v${sim.chance.int(2)}`)
    if (host.breakage.ticketBeforeOutbox && job.todo.length === 0) completeTicket(sim, host, slot, job)
    host.disk.copies.set(digest, label)
    sim.point('w.artifact-written')
    host.write({
      lease: job.lease,
      commit: { lease: job.lease, encoding, n, digest, evidence: evidence(host.id, slot.id) },
      end: null,
      artifacts: [],
    })
    sim.point('w.outbox-written')
  }
}

function finish(sim: Simulation, host: SimHost, slot: SimSlot, job: Job): void {
  if (job.failures.length > 0 || host.isFull || job.gaveBack || job.all.length === 0) {
    const end = host.endOf(job.lease, { failures: job.failures })
    if (!host.write({ lease: job.lease, commit: null, end, artifacts: [] }))
      sim.request(host, { kind: 'end', body: end }, () => undefined)
  }
  host.disk.marks.delete(job.lease)
  sim.point('w.ticket-before')
  completeTicket(sim, host, slot, job)
  sim.point('w.ticket-done')
}

export function completeTicket(sim: Simulation, host: SimHost, slot: SimSlot, job: Job): void {
  const isFull = host.isFull || sim.now - host.wasFull < 40
  if (!slot.isScore && !job.isDead && !isFull) {
    const waiting = host.disk.outbox.filter(({ lease }) => lease === job.lease)
    const hasEnd = waiting.some(({ end }) => end !== null)
    const isNamed = ({ encoding, n }: Item) =>
      host.disk.outbox.some(({ commit }) => commit?.encoding === encoding && commit.n === n)
    if (!hasEnd)
      sim.oracle.completed(
        job.lease,
        job.all.filter((item) => !isNamed(item)),
      )
  }
  host.leave(slot, job)
}

function evidence(host: string, slot: string): ChunkEvidence {
  const words = { host, slot, engine: 'sim', engineVersion: '1', provider: 'cpu', dtype: 'float32', device: 'cpu', code: '' }
  const counts = {
    textCount: 10,
    tokenCount: CHUNK_TOKENS,
    paddedTokenCount: CHUNK_TOKENS,
    truncatedCount: 0,
    controlTokenCount: 0,
    emptyTextCount: 0,
  }
  return { ...words, ...counts, batchCount: 1, splitCount: 0, loadSeconds: 0, encodeSeconds: 1, peakMemoryBytes: 1, dim: 16 }
}
