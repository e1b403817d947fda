/** Everything that may happen to a fleet; `past lock` is longer than BullMQ's lock of 60 s. */
export const BLOWS = {
  'kill inference child': 26,
  'kill launched server': 24,
  'kill worker': 18,
  'kill guard': 12,
  'kill service': 12,
  'kill scoring child': 10,
  'stop worker with SIGTERM': 6,
  'stop service with SIGTERM': 5,
  'restart Redis': 8,
  'flush Redis': 8,
  'Redis away for 20 s': 2,
  'half-open connections to Redis': 10,
  'half-open connections to the service': 12,
  'nothing passes to Redis': 5,
  'nothing passes to the service': 6,
  'SIGSTOP a worker past grace': 7,
  'SIGSTOP a worker past the lock': 2,
  'SIGSTOP the service': 5,
  'SIGSTOP a launched server': 5,
  "a worker's disk is full": 6,
  "the service's disk is full": 5,
  "a worker's folder is read-only": 5,
  "the service's artifacts are read-only": 4,
  'clock of a worker jumps': 3,
  'clock of the service jumps': 3,
} as const
export type BlowKind = keyof typeof BLOWS

export interface Blow {
  readonly number: number
  readonly kind: BlowKind
  /** In [0, 1): which of those it may hit. */
  readonly pick: number
  /** In [0, 1): how long, how far. */
  readonly extent: number
}

/** Blows without end, the same for the same seed: each permitted kind once in an order of the seed's, then by weight. */
export function* drawBlows(seed: number, isPermitted: (kind: BlowKind) => boolean): Generator<Blow, never> {
  const next = generator(seed)
  const kinds = (Object.keys(BLOWS) as BlowKind[]).filter(isPermitted)
  const weighted = kinds.flatMap((kind) => Array.from({ length: BLOWS[kind] }, () => kind))
  const first = kinds
    .map((kind) => ({ kind, rank: next() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ kind }) => kind)
  const drawn = () => weighted[Math.floor(next() * weighted.length)] as BlowKind
  for (let number = 1; ; number += 1) yield { number, kind: first[number - 1] ?? drawn(), pick: next(), extent: next() }
}

/** mulberry32, in [0, 1). */
function generator(seed: number): () => number {
  let state = Math.imul(seed, 2_654_435_761) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
