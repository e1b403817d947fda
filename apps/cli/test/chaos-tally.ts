import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Struck } from './chaos-report.ts'

/** A text that a server answered. */
interface Answer {
  /** Seconds since the fleet's start, late by at most the time between two looks. */
  readonly at: number
  /** Whose server it was; null for the endpoint that all share. */
  readonly worker: string | null
}

/** How late a look may be, and how long an event that is over may still be what a lease ends by. Seconds. */
const LOOK = 1
const AFTER = 2

/** Which texts were answered when and on whose host, read from the servers' own files while they are written. */
export class ChaosTally {
  readonly #files: readonly { readonly worker: string; readonly lane: string; readonly path: string }[]
  readonly #read = new Map<string, number>()
  readonly #endpoint: ReadonlyMap<string, number>
  readonly #seen = new Map<string, number>()
  readonly #answers = new Map<string, Answer[]>()

  /** `endpoint`: how often a stub outside the fleet has answered each text. */
  constructor(
    folder: string,
    of: { workers: readonly string[]; lanes: readonly string[]; endpoint: ReadonlyMap<string, number> },
  ) {
    this.#files = of.workers.flatMap((worker) => of.lanes.map((lane) => ({ worker, lane, path: join(folder, worker, lane) })))
    this.#endpoint = of.endpoint
  }

  /** Reads what has come; texts that servers are probed with are left out. */
  look(at: number): void {
    for (const { worker, lane, path } of this.#files) {
      if (!existsSync(path)) continue
      const before = this.#read.get(path) ?? 0
      const all = readFileSync(path)
      const end = all.lastIndexOf('\n') + 1
      this.#read.set(path, end)
      for (const line of String(all.subarray(before, end)).split('\n'))
        if (/-[dq]\d+$/.test(line)) this.#add(`${lane} ${line}`, { at, worker })
    }
    for (const [text, count] of this.#endpoint) {
      for (let times = this.#seen.get(text) ?? 0; times < count; times += 1)
        this.#add(`endpoint ${text.slice(text.lastIndexOf(' ') + 1)}`, { at, worker: null })
      this.#seen.set(text, count)
    }
  }

  #add(text: string, answer: Answer): void {
    const answers = this.#answers.get(text) ?? []
    answers.push(answer)
    this.#answers.set(text, answers)
  }

  get texts(): number {
    return this.#answers.size
  }

  get count(): number {
    return [...this.#answers.values()].reduce((sum, answers) => sum + answers.length, 0)
  }

  /**
   * Texts answered again, by the kind of the event that was probably why: the first that had to do with the host of the lost answer and
   * was not long over when that was given, nor came after the next answer. A guess: events overlap.
   */
  wasteByKind(struck: readonly Struck[]): Record<string, number> {
    const waste: Record<string, number> = {}
    for (const answers of this.#answers.values()) {
      for (const [i, { at, worker }] of answers.slice(0, -1).entries()) {
        const next = answers[i + 1]?.at ?? at
        const why = struck.find(
          (event) =>
            (event.whose === null || worker === null || event.whose === worker) &&
            (event.until ?? next) + AFTER >= at - LOOK &&
            event.at <= next,
        )
        const kind = why?.kind ?? 'none seen'
        waste[kind] = (waste[kind] ?? 0) + 1
      }
    }
    return Object.fromEntries(Object.entries(waste).sort(([, a], [, b]) => b - a))
  }
}
