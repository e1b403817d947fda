import { type End, type PairRecipe, sha256 } from '@sweepboard/contracts'
import { CHUNK_BYTES } from './chunk-size.ts'
import { unit } from './sim-ranking.ts'

const PAIRS_PER_CHUNK = 3

/** A pair set as its artifact says it. */
export interface SimPairSet {
  /** Digests of the text sets the pairs point into. */
  readonly queries: string
  readonly documents: string
  readonly pairs: readonly (readonly [query: number, document: number])[]
}

/** A chunk of a pair set with what scored it. */
export interface PairChunk {
  readonly scorer: string
  /** Names of pairs, equal wherever the two texts are. */
  readonly pairs: readonly string[]
}

export function pairName({ queries, documents }: Omit<SimPairSet, 'pairs'>, query: number, document: number): string {
  return `${queries.slice(0, 8)}.${query}/${documents.slice(0, 8)}.${document}`
}

export function pairScore(scorer: string, pair: string): number {
  return unit(`${scorer} ${pair}`)
}

/** Every pair set ever found, and which pairs do harm. */
export class SimPairs {
  readonly #sets = new Map<string, SimPairSet>()
  readonly #chunks = new Map<string, PairChunk>()
  /** Runs whose pairs could once not be found. */
  readonly #shaken = new Set<string>()
  readonly #salt: number
  readonly #killerRate: number

  constructor(salt: number, killerRate: number) {
    this.#salt = salt
    this.#killerRate = killerRate
  }

  /** The artifact of a pair set, and what the service is told of it. */
  found(set: SimPairSet): { digest: string; label: string; told: NonNullable<End['pairSet']> } {
    const pairs = [...set.pairs].sort(([a, b], [c, d]) => a - c || b - d)
    const label = `pairs ${JSON.stringify({ ...set, pairs })}`
    const digest = sha256(label)
    this.#sets.set(digest, { ...set, pairs })
    const bounds = Array.from({ length: Math.ceil(pairs.length / PAIRS_PER_CHUNK) }, (_, n): [number, number] => [
      n * PAIRS_PER_CHUNK,
      Math.min(pairs.length, (n + 1) * PAIRS_PER_CHUNK),
    ])
    const bytes = bounds.length * CHUNK_BYTES
    return { digest, label, told: { digest, count: pairs.length, bytes, bounds, chunkBytes: bounds.map(() => CHUNK_BYTES) } }
  }

  /** Pairs of all sets together. */
  get count(): number {
    return [...this.#sets.values()].reduce((sum, { pairs }) => sum + pairs.length, 0)
  }

  names(digest: string): string[] {
    const set = this.#sets.get(digest)
    return set === undefined ? [] : set.pairs.map(([query, document]) => pairName(set, query, document))
  }

  /** Readable name of a chunk; from then on `chunk` knows it. */
  label(lane: number, digest: string, recipe: PairRecipe, n: number): string {
    const scorer = scorerOf(lane, recipe)
    const label = `pairs.${digest.slice(0, 8)}@${scorer}#${n}`
    if (!this.#chunks.has(label)) {
      const pairs = this.names(digest).slice(n * PAIRS_PER_CHUNK, (n + 1) * PAIRS_PER_CHUNK)
      this.#chunks.set(label, { scorer, pairs })
    }
    return label
  }

  chunk(label: string): PairChunk | undefined {
    return this.#chunks.get(label)
  }

  /** Whether looking for the pairs of these runs fails this time: at most once for each run. */
  isShaky(runs: readonly string[]): boolean {
    if (runs.some((run) => this.#shaken.has(run)) || !runs.some((run) => unit(`shaky ${this.#salt} ${run}`) < 0.08)) return false
    for (const run of runs) this.#shaken.add(run)
    return true
  }

  isPoison(pair: string): boolean {
    return unit(`poison ${this.#salt} ${pair}`) < 0.006
  }

  isKiller(pair: string): boolean {
    return unit(`killer ${this.#salt} ${pair}`) < this.#killerRate && !this.isPoison(pair)
  }
}

export function scorerOf(lane: number, { instruction }: PairRecipe): string {
  return `${lane}${instruction ?? ''}`
}
