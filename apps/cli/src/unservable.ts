import { type Health, type LaneView, UNSERVABLE_AFTER_MS } from '@sweepboard/results'
import { type CommonOptions, dataFolder } from './context.ts'
import { visibleLine } from './output.ts'
import { findService } from './service-address.ts'
import { openClient } from './source.ts'

/** Lines said at most at once: a sweep of many models that waits for a worker waits for one thing. */
const MOST_SAID = 5

/** A line for each lane that no slot may serve now, why, and what would fit; of one sweep's lanes where it is named. */
export function sayUnservable(lanes: readonly LaneView[], sweep?: string): string[] {
  const lines = lanes.flatMap(({ model, engine, unservable }) => {
    // A service of before says nothing of it.
    if (unservable == null || (sweep !== undefined && !unservable.sweeps.includes(sweep))) return []
    const { reason, wouldFit } = unservable
    return visibleLine(`no slot can serve ${model} (${engine}): ${reason}. What would fit: ${wouldFit}`)
  })
  const said = [...new Set(lines)]
  const more = said.length - MOST_SAID
  return more <= 0
    ? said
    : [...said.slice(0, MOST_SAID), `${more} more of this kind: \`sweepboard status --fleet --json\` has all`]
}

/** Lanes of the service that a command asks, or that holds its data folder; none where there is none or it does not answer. */
export async function lanesThere(options: CommonOptions): Promise<readonly LaneView[]> {
  return ((await answerThere(options, '/lanes')) ?? []) as LaneView[]
}

/** What that service says of itself; nothing where there is none or it does not answer. */
export async function healthThere(options: CommonOptions): Promise<Partial<Health>> {
  return ((await answerThere(options, '/health')) ?? {}) as Partial<Health>
}

/** Null where there is no service or it does not answer: these are remarks, no command fails for want of them. */
async function answerThere(options: CommonOptions, path: string): Promise<unknown> {
  const url = options.to ?? findService(dataFolder(options))
  return url === null
    ? null
    : openClient(options, url)
        .get(path)
        .catch(() => null)
}

/** Looks now and then at what keeps a sweep from slots, and tells each line once, when it has lasted. */
export class UnservableTeller {
  readonly #read: () => Promise<readonly LaneView[]>
  readonly #sweep: string
  readonly #tell: (line: string) => void
  readonly #everyMs: number
  readonly #told = new Set<string>()
  #lookedAt = Number.NEGATIVE_INFINITY

  constructor(options: {
    readonly read: () => Promise<readonly LaneView[]>
    readonly sweep: string
    readonly tell: (line: string) => void
    readonly everyMs?: number
  }) {
    this.#read = options.read
    this.#sweep = options.sweep
    this.#tell = options.tell
    this.#everyMs = options.everyMs ?? 2000
  }

  async look(): Promise<void> {
    if (performance.now() - this.#lookedAt < this.#everyMs) return
    const lasting = (await this.#read()).filter((lane) => (lane.unservable?.forMs ?? 0) >= UNSERVABLE_AFTER_MS)
    this.#lookedAt = performance.now()
    for (const line of sayUnservable(lasting, this.#sweep)) {
      if (this.#told.has(line)) continue
      this.#told.add(line)
      this.#tell(line)
    }
  }
}
