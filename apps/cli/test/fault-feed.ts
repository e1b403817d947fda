import { openHttpStore } from '@sweepboard/artifacts'
import { type ArtifactStore, type Plan, type PreparedTask, taskKey } from '@sweepboard/contracts'
import { ServiceClient } from '@sweepboard/results'
import { loadSweep } from '../src/load-sweep.ts'
import { ALONE, type FaultWork } from './fault-work.ts'
import { type Fleet, sweepState } from './fleet-kit.ts'

const UNDER_WAY = 2

interface Submission {
  readonly sweep: string
  readonly name: string
  readonly spec: string
  readonly plan: Plan
  readonly prepared: readonly PreparedTask[]
  readonly weight: number
}

/** Keeps a fleet busy: one sweep a task, a few at a time. A submission whose service died under it is sent again, under its id. */
export class FaultFeed {
  readonly #work: FaultWork
  readonly #fleet: Fleet
  readonly #stubUrl: string
  readonly #client: ServiceClient
  readonly #url: string
  readonly #remote: ArtifactStore
  readonly #sent: string[] = []
  #unsent: Submission | null = null
  #stopped = false
  /** Submits without waiting for the end of others; `unprepared`: the service must read the next task itself. */
  hurry: 'submit' | 'unprepared' | null = null

  constructor(work: FaultWork, { fleet, url, stubUrl }: { fleet: Fleet; url: string; stubUrl: string }) {
    this.#work = work
    this.#fleet = fleet
    this.#stubUrl = stubUrl
    this.#url = url
    this.#client = new ServiceClient({ url, token: null, timeoutMs: 60_000 })
    this.#remote = openHttpStore({ url, token: null, retryMs: [] })
  }

  get sweeps(): readonly string[] {
    return this.#sent
  }

  /** Resolves after `stop`, when nothing is left half submitted; rejects when there is no further task. */
  async run(): Promise<void> {
    while (!this.#stopped || this.#unsent) {
      const { promise, resolve } = Promise.withResolvers<void>()
      setTimeout(resolve, 50)
      await promise
      // Whatever fails here fails because the service is away: the next round tries again.
      if (!this.#unsent && (this.hurry || (await this.#isLow().catch(() => false)))) this.#unsent = await this.#next()
      if (this.#unsent) await this.#send(this.#unsent).catch(() => undefined)
    }
  }

  stop(): void {
    this.#stopped = true
  }

  /** Sweeps that are not done. */
  async underWay(): Promise<string[]> {
    const states = await Promise.all(this.#sent.map((sweep) => sweepState(this.#url, sweep)))
    return this.#sent.filter((_, i) => states[i]?.state !== 'done')
  }

  async #isLow(): Promise<boolean> {
    return (await this.underWay()).length < UNDER_WAY
  }

  async #next(): Promise<Submission> {
    const number = this.#sent.length
    const folder = this.#work.tasks[number]
    if (folder === undefined) throw new Error(`all ${number} tasks are submitted and there are points that nobody died at`)
    const file = this.#work.writeSpec(this.#fleet, `faults-${number}`, { tasks: [folder], url: this.#stubUrl })
    const { id, text, plan, spec } = await loadSweep(file, ALONE)
    const keys = new Set(plan.groups.map(({ task }) => taskKey(task)))
    const prepared = this.hurry === 'unprepared' ? [] : [...keys].map((key) => this.#work.prepared(key))
    return { sweep: id, name: spec.sweep, spec: text, plan, prepared, weight: 1 }
  }

  async #send(submission: Submission): Promise<void> {
    for (const { queries, documents, judgments } of submission.prepared) {
      for (const digest of [queries.digest, documents.digest, judgments]) {
        if (!(await this.#remote.has(digest))) await this.#remote.put(await this.#work.store.get(digest))
      }
    }
    await this.#client.post('/sweeps', submission)
    this.#unsent = null
    this.#sent.push(submission.sweep)
    if (submission.prepared.length === 0) this.hurry = null
  }
}
