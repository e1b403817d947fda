import { LAUNCH_SECONDS, LOAD_BYTES_PER_SECOND } from '@sweepboard/dispatch'
import { Chance } from './chance.ts'

/** A card: its memory, and how fast it is beside a 24 GB card. */
export interface Card {
  readonly name: string
  readonly memoryBytes: number
  readonly speed: number
  /** What it really does of that: no card is faster than its kind. */
  readonly luck: number
}
/** Tokens per second beside a 24 GB card that does all its kind can. */
export function realSpeed(card: Card): number {
  return card.speed * card.luck
}

const CARDS: readonly Omit<Card, 'luck'>[] = [
  { name: '8 GB', memoryBytes: 8e9, speed: 0.25 },
  { name: '12 GB', memoryBytes: 12e9, speed: 0.4 },
  { name: '24 GB', memoryBytes: 24e9, speed: 1 },
  { name: '48 GB', memoryBytes: 48e9, speed: 1.1 },
  { name: '80 GB', memoryBytes: 80e9, speed: 2.5 },
]

export interface SimModel {
  readonly key: string
  readonly parameterCount: number
  /** In bfloat16 with a server's own reservation: what the planner would estimate. */
  readonly memoryBytes: number
  /** What loading really takes. */
  readonly loadSeconds: number
  /** What the lane choice assumes until it is measured. */
  readonly estimatedLoadSeconds: number
  /** On a 24 GB card. */
  readonly tokensPerSecond: number
}
const SIZES = [
  { name: '0.6B', parameterCount: 0.6e9, loadSeconds: 15 },
  { name: '4B', parameterCount: 4e9, loadSeconds: 45 },
  { name: '8B', parameterCount: 8e9, loadSeconds: 80 },
] as const

/** One task's chunks on one lane; its second stage comes when it is encoded. */
export interface SimTask {
  readonly lane: string
  /** Tokens of each chunk. */
  readonly chunks: readonly number[]
  readonly next: SimTask | null
}

export interface SimSweep {
  readonly id: string
  readonly at: number
  readonly weight: number
  readonly isSmall: boolean
  readonly tasks: readonly SimTask[]
}

/** What a drawn scenario has beside sweeps of known work that are all there at once. */
export interface Draw {
  /** A short sweep on a model of its own, in between. */
  readonly small?: boolean
  /** Sweeps that come later. */
  readonly later?: boolean
  /** Rerankers work on what the first stages find, and not on candidate lists that are there from the start. */
  readonly chained?: boolean
  /** No slot remembers speeds and load times of earlier runs. */
  readonly cold?: boolean
}

export interface Scenario {
  readonly seed: number
  readonly slots: readonly Card[]
  readonly models: readonly SimModel[]
  readonly sweeps: readonly SimSweep[]
  /** Whether slots remember what they measured in earlier runs, as workers do. */
  readonly remembers: boolean
}

/** Share of a card's memory that a launched server may take. */
export const SHARE = 0.92

export function canServe(card: Card, model: SimModel): boolean {
  return model.memoryBytes / SHARE <= card.memoryBytes
}

/** 256 KiB of text: where a chunk closes. */
export const CHUNK_TOKENS = 65_536

function modelOf(kind: string, size: (typeof SIZES)[number]): SimModel {
  const memoryBytes = 2 * size.parameterCount * 1.2 + 2 ** 30
  return {
    key: `${kind}-${size.name}`,
    parameterCount: size.parameterCount,
    memoryBytes,
    loadSeconds: size.loadSeconds,
    estimatedLoadSeconds: memoryBytes / LOAD_BYTES_PER_SECOND + LAUNCH_SECONDS,
    tokensPerSecond: 50e12 / (2 * size.parameterCount),
  }
}

/**
 * A fleet of so many cards and sweeps over embedders of three sizes and rerankers, drawn from a seed. The work is sized so that the fleet has
 * 2 to 5 hours of it; some of it comes in later sweeps, and with `small` a short sweep on a model of its own comes in between.
 */
export function drawScenario(seed: number, slotCount: number, how: Draw): Scenario {
  const chance = new Chance(seed)
  const kinds = slotCount < 24 ? ['emb', 'rank'] : ['emb', 'rank', 'emb2', 'rank2']
  const models = kinds.flatMap((kind) => SIZES.filter(() => chance.next() < 0.8).map((size) => modelOf(kind, size)))
  if (!models.some(({ key }) => key.startsWith('emb-'))) models.push(modelOf('emb', SIZES[0]))
  const luck = new Chance(seed + 1)
  const slots = Array.from({ length: slotCount }, () => ({ ...chance.pick(CARDS), luck: luck.between(0.97, 1) }))
  // A model that fits nowhere is a report, not a schedule.
  const able = models.filter((model) => slots.some((card) => canServe(card, model)))
  if (able.length === 0) return drawScenario(seed + 100_000, slotCount, how)
  const hours = chance.between(2, 5) / (slotCount > 200 ? 2 : 1)
  const sweeps = bigSweeps(chance, { slots, models: able, seconds: hours * 3600 }, how)
  if (how.small) sweeps.push(smallSweep(chance, hours * 3600))
  const used = new Set(sweeps.flatMap(({ tasks }) => tasks.flatMap((task) => [task.lane, task.next?.lane ?? task.lane])))
  const extra = how.small ? [modelOf('small', SIZES[0])] : []
  return { seed, slots, remembers: !how.cold, models: [...able, ...extra].filter(({ key }) => used.has(key)), sweeps }
}

function bigSweeps(
  chance: Chance,
  fleet: { slots: readonly Card[]; models: readonly SimModel[]; seconds: number },
  how: Draw,
): SimSweep[] {
  const embedders = fleet.models.filter(({ key }) => key.startsWith('emb'))
  const rerankers = fleet.models.filter(({ key }) => key.startsWith('rank'))
  const first = how.chained && embedders.length > 0 ? embedders : fleet.models
  const count = how.later ? 3 : 1
  return Array.from({ length: count }, (_, i) => {
    const tasks = first.flatMap((model) => {
      const able = fleet.slots.filter((card) => canServe(card, model))
      const speed = able.reduce((sum, card) => sum + card.speed, 0)
      const tokens = (fleet.seconds * speed * model.tokensPerSecond * chance.between(0.5, 1.5)) / (first.length * count * 1.4)
      const reranker = how.chained && rerankers.length > 0 && i === 0 ? chance.pick(rerankers) : null
      return tasksOf(chance, { model, tokens, reranker })
    })
    return {
      id: `big-${i}`,
      at: i === 0 ? 0 : chance.between(0.05, 0.4) * fleet.seconds,
      weight: chance.pick([1, 1, 2]),
      isSmall: false,
      tasks,
    }
  })
}

function tasksOf(chance: Chance, work: { model: SimModel; tokens: number; reranker: SimModel | null }): SimTask[] {
  const count = 30
  return Array.from({ length: count }, () => {
    const tokens = (work.tokens / count) * chance.between(0.7, 1.3)
    const chunks = chunksOf(tokens)
    const { reranker } = work
    const seconds = (0.3 * tokens) / work.model.tokensPerSecond
    const next = reranker && { lane: reranker.key, chunks: chunksOf(seconds * reranker.tokensPerSecond), next: null }
    return { lane: work.model.key, chunks, next }
  })
}

function chunksOf(tokens: number): number[] {
  return Array.from({ length: Math.max(1, Math.round(tokens / CHUNK_TOKENS)) }, () => CHUNK_TOKENS)
}

/** Five tasks of a minute together, on a model that nobody else uses. */
function smallSweep(chance: Chance, seconds: number): SimSweep {
  const model = modelOf('small', SIZES[0])
  const chunks = chunksOf((60 * model.tokensPerSecond) / 5)
  const tasks = Array.from({ length: 5 }, () => ({ lane: model.key, chunks, next: null }))
  return { id: 'small', at: chance.between(0.2, 0.6) * seconds, weight: 1, isSmall: true, tasks }
}
