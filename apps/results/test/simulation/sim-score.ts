import {
  type CellResult,
  type DeriveWork,
  type End,
  type PairsWork,
  type RerankWork,
  type ScoreWork,
  sha256,
} from '@sweepboard/contracts'
import type { SimHost } from './sim-host.ts'
import { pairName, pairScore, type SimPairSet } from './sim-pairs.ts'
import { type CellValue, deriveValue, firstValue, type Lists, pairsOf, rerankValue } from './sim-ranking.ts'
import type { Job, SimSlot } from './sim-types.ts'
import { completeTicket } from './sim-work.ts'
import type { Simulation } from './simulation.ts'
import { Violation } from './violation.ts'

type AnyScoreWork = ScoreWork | RerankWork | PairsWork | DeriveWork

/** What a run of the score lane says, with the artifacts (digest -> content) that must be stored before. */
interface Said {
  readonly parts: Partial<End>
  readonly artifacts: readonly (readonly [digest: string, label: string])[]
}

const UNSCORED = { code: 'SB-ART-001', message: 'gone', fix: '' }

/** Any run of the score lane: everything it reads is fetched at once, then it is scored in a moment. */
export function scoreStep(sim: Simulation, host: SimHost, slot: SimSlot, job: Job): void {
  const { work } = job
  if (job.isAsked || work === null || work.kind === 'encode') return
  job.isAsked = true
  const chunks = chunksOf(work)
  const others = othersOf(work)
  if (chunks.some(({ digest }) => !digest)) throw new Violation('score-complete', `${work.lease} has a chunk without digest`)
  sim.request(host, { kind: 'fetch', body: [...chunks.map(({ digest }) => digest), ...others] }, (labels) => {
    if (job.isDead) return
    if (labels === null) {
      job.isAsked = false
      return
    }
    sim.point('w.score-read')
    const { parts, artifacts } = say(sim, host, work, labels)
    sim.log(host.id, 'says', work.kind, job.lease, JSON.stringify(parts).slice(0, 160))
    if (!host.write({ lease: job.lease, commit: null, end: host.endOf(job.lease, parts), artifacts }))
      sim.request(host, { kind: 'end', body: host.endOf(job.lease, {}) }, () => undefined)
    sim.point('w.score-done')
    completeTicket(sim, host, slot, job)
  })
}

function chunksOf(work: AnyScoreWork): { encoding: number; n: number; digest: string }[] {
  const sides = work.kind === 'score' ? [work.queries, work.documents] : work.kind === 'rerank' ? work.pairs : []
  return sides.flatMap(({ encoding, chunks }) => chunks.map(({ n, digest }) => ({ encoding, n, digest })))
}

/** Artifacts beside those of chunks. Text sets and judgments of tasks are not simulated. */
function othersOf(work: AnyScoreWork): string[] {
  if (work.kind === 'score') return []
  if (work.kind === 'derive') return work.runs
  if (work.kind === 'rerank') return [work.run ?? '', ...work.pairs.map(({ textSet }) => textSet)]
  return [...work.runs.map(({ run }) => run), ...work.known]
}

function say(sim: Simulation, host: SimHost, work: AnyScoreWork, labels: readonly (string | null)[]): Said {
  const chunks = chunksOf(work)
  const missing = chunks.filter((_, i) => labels[i] === null).map(({ encoding, n, digest }) => ({ encoding, n, digest }))
  if (missing.length > 0 && !host.breakage.scorerTrusts) return { parts: { missing }, artifacts: [] }
  const others = labels.slice(chunks.length)
  const fails = (failure: { code: string; message: string; fix: string }): Said => {
    if (work.kind === 'pairs') return { parts: { pairsFailure: failure }, artifacts: [] }
    return { parts: { scoreFailures: work.configs.map(({ key }) => ({ config: key, ...failure })) }, artifacts: [] }
  }
  if (others.includes(null)) return fails(UNSCORED)
  if (work.kind === 'pairs') {
    const isShaky = sim.world.pairs.isShaky(work.runs.map(({ run }) => run))
    return isShaky ? fails({ ...UNSCORED, code: 'SB-MODEL-008' }) : findPairs(sim, work, others as string[])
  }
  const read = labels.slice(0, chunks.length).map((label) => label ?? 'JUNK')
  const score = scorerFor(sim, work, read, others as string[])
  const scored = work.configs.map(({ key, config }) => ({ key, value: score(key, config) }))
  const artifacts = scored.map(({ key, value }) => {
    const label = `run ${JSON.stringify({ key, lists: value.lists })}`
    return [sha256(label), label] as const
  })
  const results = scored.map(({ key, value }, i) => result(host.id, key, { ...value, run: artifacts[i]?.[0] ?? '' }))
  return { parts: { results }, artifacts }
}

function scorerFor(
  sim: Simulation,
  work: ScoreWork | RerankWork | DeriveWork,
  read: readonly string[],
  others: readonly string[],
): (key: string, config: ScoreWork['configs'][number]['config']) => CellValue {
  if (work.kind === 'score') return (key) => firstValue(work.task, key, read)
  if (work.kind === 'derive') return (_, config) => deriveValue(config, others.map(listsOf))
  const lists = listsOf(others[0])
  const sets = sim.world.textSetsOf(work.task)
  const scores = pairScores(sim, read)
  return (_, config) =>
    rerankValue(config, lists, (query, document) => {
      const score = scores.get(pairName(sets, query, document))
      if (score === undefined)
        throw new Violation('score-complete', `${work.lease} lacks a pair at depth ${config.rerank?.depth}`)
      return score
    })
}

/** Pair name -> score, from the chunks read; what was read in vain gives wrong scores. */
function pairScores(sim: Simulation, read: readonly string[]): Map<string, number> {
  const scores = new Map<string, number>()
  for (const label of read) {
    const chunk = sim.world.pairs.chunk(label)
    for (const pair of chunk?.pairs ?? []) scores.set(pair, pairScore(chunk?.scorer ?? '', pair))
  }
  return scores
}

/** The best `depth` documents of every run, without the pairs that are known. */
function findPairs(sim: Simulation, work: PairsWork, others: readonly string[]): Said {
  const sets = { queries: work.queries, documents: work.documents }
  const known = new Set(work.known.flatMap((digest) => sim.world.pairs.names(digest)))
  const wanted = new Map<string, readonly [number, number]>()
  for (const [i, { depth }] of work.runs.entries())
    for (const pair of pairsOf(listsOf(others[i]), depth)) wanted.set(pairName(sets, ...pair), pair)
  const pairs = [...wanted].filter(([name]) => !known.has(name)).map(([, pair]) => pair)
  const set: SimPairSet = { ...sets, pairs }
  const { digest, label, told } = sim.world.pairs.found(set)
  return { parts: { pairSet: told }, artifacts: [[digest, label]] }
}

function listsOf(label: string | undefined): Lists {
  return JSON.parse(label?.slice('run '.length) ?? '{"lists":[]}').lists
}

function result(host: string, config: string, { mainScore, run }: CellValue & { run: string }): CellResult {
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
  return { config, metrics: { ndcg_at_10: mainScore }, mainScore, run, perQuery: null, evidence: proof }
}
