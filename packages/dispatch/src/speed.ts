import { type Device, type Lane, type LaneSlot, slotClass } from './fit.ts'
import { DEFAULT_TOKENS_PER_SECOND } from './window.ts'

/** Operations per second assumed of one device, where a model's size is known and nothing is measured; two a parameter and token. */
const ASSUMED_OPERATIONS: Readonly<Record<Device, number | null>> = { cuda: 50e12, cpu: 60e9, endpoint: null }

/** Geometric mean, added to one value at a time. */
class Mean {
  #sum = 0
  #count = 0

  add(value: number): void {
    this.#sum += Math.log(value)
    this.#count += 1
  }

  get value(): number {
    return this.#count === 0 ? 1 : Math.exp(this.#sum / this.#count)
  }
}

/**
 * Tokens per second of a class of slots in each lane: the mean of what they measured; else an assumption from the model's size, corrected
 * by how the class does in other lanes and the lane on other classes.
 */
export class Speeds {
  readonly #ofClass = new Map<string, Mean>()
  readonly #classFactor = new Map<string, Mean>()
  readonly #laneFactor = new Map<string, Mean>()

  constructor(slots: readonly LaneSlot[], lanes: readonly Lane[]) {
    const byKey = new Map(lanes.map((lane) => [lane.key, lane]))
    const measured: { slot: LaneSlot; lane: Lane; name: string; speed: number }[] = []
    for (const slot of slots) {
      for (const [key, speed] of Object.entries(slot.tokensPerSecond)) {
        const lane = byKey.get(key)
        if (lane !== undefined && speed > 0) measured.push({ slot, lane, name: slotClass(slot), speed })
      }
    }
    for (const { slot, lane, name, speed } of measured) {
      meanOf(this.#ofClass, `${name} ${lane.key}`).add(speed)
      meanOf(this.#classFactor, name).add(speed / assumed(slot, lane))
    }
    for (const { slot, lane, name, speed } of measured)
      meanOf(this.#laneFactor, lane.key).add(speed / (assumed(slot, lane) * meanOf(this.#classFactor, name).value))
  }

  /** What any slot like this one is expected to do that has not measured the lane itself. */
  ofClassOf(slot: LaneSlot, lane: Lane): number {
    const name = slotClass(slot)
    const known = this.#ofClass.get(`${name} ${lane.key}`)?.value
    return known ?? assumed(slot, lane) * (this.#classFactor.get(name)?.value ?? 1) * (this.#laneFactor.get(lane.key)?.value ?? 1)
  }
}

function meanOf(means: Map<string, Mean>, key: string): Mean {
  const mean = means.get(key) ?? new Mean()
  means.set(key, mean)
  return mean
}

function assumed(slot: LaneSlot, lane: Lane): number {
  const operations = ASSUMED_OPERATIONS[slot.device]
  if (operations === null || !lane.parameterCount) return DEFAULT_TOKENS_PER_SECOND
  return (operations * slot.deviceCount) / (2 * lane.parameterCount)
}
