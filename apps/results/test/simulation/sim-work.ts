import { type CellResult, type ChunkEvidence, sha256 } from '@sweepboard/contracts'
import type { SimHost } from './sim-host.ts'
import type { Item, Job, SimSlot } from './sim-types.ts'
import type { Simulation } from './simulation.ts'
import { Crash, Violation } from './violation.ts'
import { CHUNK_TOKENS, scoreOf } from './world.ts'

/** One tick of an encode run: whole chunks, in order, each into an artifact and an outbox entry. */
export function encodeStep(sim: Simulation, host: SimHost, slot: SimSlot, job: Job): void {
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
    sim.oracle.begun(job.lease, next.label)
    sim.log(host.id, 'begin', next.label, job.lease)
    sim.point('w.chunk-begun')
    if (sim.world.killers.has(next.label)) throw new Crash('killer text')
  }
  job.ticksLeft -= 1
  if (job.ticksLeft > 0) return
  chunkDone(sim, host, { slot, job }, job.current)
  job.current = null
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
  const flaky = sim.world.flaky.get(label) ?? 0
  if (sim.world.poison.has(label)) job.failures.push({ ...failure, kind: 'poison' })
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
    })
    sim.point('w.outbox-written')
  }
}

function finish(sim: Simulation, host: SimHost, slot: SimSlot, job: Job): void {
  if (job.failures.length > 0 || host.isFull || job.gaveBack || job.all.length === 0) {
    const end = host.endOf(job.lease, { failures: job.failures })
    if (!host.write({ lease: job.lease, commit: null, end })) sim.request(host, { kind: 'end', body: end }, () => undefined)
  }
  host.disk.marks.delete(job.lease)
  sim.point('w.ticket-before')
  completeTicket(sim, host, slot, job)
  sim.point('w.ticket-done')
}

function completeTicket(sim: Simulation, host: SimHost, slot: SimSlot, job: Job): void {
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

export function scoreStep(sim: Simulation, host: SimHost, slot: SimSlot, job: Job): void {
  const { work } = job
  if (job.isAsked || work?.kind !== 'score') return
  job.isAsked = true
  const chunks = [
    ...work.queries.chunks.map((chunk) => ({ ...chunk, encoding: work.queries.encoding })),
    ...work.documents.chunks.map((chunk) => ({ ...chunk, encoding: work.documents.encoding })),
  ]
  if (chunks.some(({ digest }) => !digest)) throw new Violation('score-complete', `${work.lease} has a chunk without digest`)
  sim.request(host, { kind: 'fetch', body: chunks.map(({ digest }) => digest) }, (labels) => {
    if (job.isDead) return
    if (labels === null) {
      job.isAsked = false
      return
    }
    sim.point('w.score-read')
    const missing = chunks.filter((_, i) => labels[i] === null).map(({ encoding, n, digest }) => ({ encoding, n, digest }))
    const isBad = missing.length > 0 && !host.breakage.scorerTrusts
    const results = work.configs.map(({ key }) =>
      result(
        host.id,
        key,
        scoreOf(
          key,
          labels.map((label) => label ?? 'JUNK'),
        ),
      ),
    )
    const end = host.endOf(job.lease, isBad ? { missing } : { results })
    if (!host.write({ lease: job.lease, commit: null, end }))
      sim.request(host, { kind: 'end', body: host.endOf(job.lease, {}) }, () => undefined)
    sim.point('w.score-done')
    completeTicket(sim, host, slot, job)
  })
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

function result(host: string, config: string, value: number): CellResult {
  const proof = {
    host,
    searchSeconds: 0,
    metricSeconds: 0,
    blockCount: 1,
    blockReads: 1,
    peakMemoryBytes: 1,
    calibration: null,
    code: '',
  }
  return { config, metrics: { ndcg_at_10: value }, mainScore: value, run: null, perQuery: null, evidence: proof }
}
