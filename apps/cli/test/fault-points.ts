import { SERVICE_CRASH_POINTS } from '@sweepboard/results'
import { CHILD_CRASH_POINTS, WORKER_CRASH_POINTS } from '@sweepboard/worker'

/** A process dies at its `nth` passing of a named crash point (protocol section 11). */
export interface Strike {
  readonly who: 'service' | 'worker' | 'child'
  readonly point: string
  readonly nth: number
}

/** What one seed does: two sequences that go on side by side, each strike armed by the start that follows the one before. */
export interface FaultPlan {
  readonly seed: number
  readonly service: readonly Strike[]
  /** Worker and inference child. */
  readonly worker: readonly Strike[]
}

/** Points that one process passes once in a short life, or only when somebody does something for it; of all others it dies at the first or second. */
const ONCE: readonly string[] = [
  'prepared.before',
  'expire.after',
  'gc.before-unlink',
  'score.read',
  'score.done',
  'load',
  'write',
]

/** Every point once, in an order and at a passing that follow from the seed. */
export function drawFaults(seed: number): FaultPlan {
  const next = generator(seed)
  const draw = (who: Strike['who']) => (point: string) => ({ who, point, nth: 1 + (ONCE.includes(point) ? 0 : next() % 2) })
  const service = SERVICE_CRASH_POINTS.map(draw('service'))
  const worker = [...WORKER_CRASH_POINTS.map(draw('worker')), ...CHILD_CRASH_POINTS.map(draw('child'))]
  return { seed, service: shuffled(service, next), worker: shuffled(worker, next) }
}

export function nameOf({ who, point, nth }: Strike): string {
  return `${who} ${point}#${nth}`
}

function shuffled<T>(items: readonly T[], next: () => number): T[] {
  return items
    .map((item) => ({ item, rank: next() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item)
}

/** Park and Miller's generator; neighbouring seeds are driven apart first. */
function generator(seed: number): () => number {
  let state = ((Math.imul(seed + 1, 2_654_435_761) >>> 0) % 2_147_483_646) + 1
  const next = () => {
    state = (state * 48_271) % 2_147_483_647
    return state
  }
  for (let i = 0; i < 8; i += 1) next()
  return next
}
