import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { openHttpStore } from '@sweepboard/artifacts'
import { ServiceClient } from '@sweepboard/results'
import { freePort, liveDescendants, type TestRedis, waitUntil } from '@sweepboard/test-kit'
import { FaultFeed } from './fault-feed.ts'
import { drawFaults, type FaultPlan, nameOf, type Strike } from './fault-points.ts'
import type { FaultReport } from './fault-report.ts'
import type { FaultWork } from './fault-work.ts'
import { api, type Cell, Fleet, finish, type Program, sweepState } from './fleet-kit.ts'
import { type EmbeddingsStub, startStub } from './fleet-stub.ts'

const BEAT_MS = 300
const MIGRATE = 'service migrate'
/** Far beyond what it takes: a machine with other work may need half a minute for one start. */
const LIMIT_MS = 300_000

/** One fleet that works while its service and its worker die at every crash point in turn, and are started again each time. */
export async function runFaults(work: FaultWork, redis: TestRedis, seed: number): Promise<FaultReport> {
  const run = await FaultRun.open(work, redis, drawFaults(seed))
  try {
    return await run.all()
  } catch (cause) {
    throw new Error(`seed ${seed}, after ${run.struck.join(', ')}: ${cause instanceof Error ? cause.message : cause}`, { cause })
  } finally {
    await run.close()
  }
}

class FaultRun {
  readonly #began = performance.now()
  readonly #fleet = new Fleet()
  readonly #plan: FaultPlan
  readonly #work: FaultWork
  readonly #redis: TestRedis
  readonly #stub: EmbeddingsStub
  readonly #feed: FaultFeed
  readonly #port: number
  readonly #url: string
  readonly #client: ServiceClient
  readonly struck: string[] = []
  #kills = 0
  /** The one that nothing kills any more, once every point of a worker is struck. */
  #worker: Program | null = null
  /** What a service was told when it died. */
  #asked: { readonly sweep: string; readonly state: string } | null = null

  private constructor(given: { work: FaultWork; redis: TestRedis; plan: FaultPlan; stub: EmbeddingsStub; port: number }) {
    this.#work = given.work
    this.#redis = given.redis
    this.#plan = given.plan
    this.#stub = given.stub
    this.#port = given.port
    this.#url = `http://127.0.0.1:${given.port}`
    this.#client = new ServiceClient({ url: this.#url, token: null, timeoutMs: 60_000 })
    this.#feed = new FaultFeed(given.work, { fleet: this.#fleet, url: this.#url, stubUrl: given.stub.url })
  }

  static async open(work: FaultWork, redis: TestRedis, plan: FaultPlan): Promise<FaultRun> {
    return new FaultRun({ work, redis, plan, stub: await startStub(), port: await freePort() })
  }

  async all(): Promise<FaultReport> {
    await this.#dieAtFirstOpening()
    const feeding = this.#feed.run()
    const [service] = await until(Promise.all([this.#strikeService(), this.#strikeWorker()]), feeding)
    this.#feed.stop()
    await feeding
    for (const sweep of this.#feed.sweeps) await finish(this.#url, sweep, LIMIT_MS)
    const blamed = await this.#retryBlamed()
    const outbox = this.#fleet.path('worker', 'worker', 'outbox')
    const undelivered = () =>
      readdirSync(outbox, { recursive: true })
        .map(String)
        .filter((name) => name.endsWith('.json'))
    await waitUntil(() => undelivered().length === 0, { deadlineMs: 60_000 }).catch(() => undefined)
    const answered = [...this.#stub.answered.values()]
    return {
      seed: this.#plan.seed,
      struck: this.struck,
      points: [MIGRATE, ...[...this.#plan.service, ...this.#plan.worker].map(nameOf)],
      kills: this.#kills,
      sweeps: this.#feed.sweeps.length,
      texts: answered.length,
      extraTexts: answered.reduce((sum, times) => sum + times - 1, 0),
      chunkTexts: this.#work.chunkTexts,
      found: await this.#fleet.exported({ url: this.#url }),
      wanted: this.#work.wanted(this.#feed.sweeps.length),
      blamed,
      failed: (await this.#notScored()).map(
        ({ task, model, state, failure }) => `${task} × ${model}: ${state} ${failure?.code} ${failure?.message}`,
      ),
      undelivered: undelivered(),
      orphans: await this.#orphans([service, this.#worker as Program]),
      seconds: (performance.now() - this.#began) / 1000,
    }
  }

  async close(): Promise<void> {
    this.#feed.stop()
    await this.#fleet.close()
    await this.#stub.close()
  }

  /** `migrate` is one transaction of SQLite without a place for a named point: the first service dies when its ledger appears. */
  async #dieAtFirstOpening(): Promise<void> {
    const service = this.#serve()
    const ledger = this.#fleet.path('service', 'ledger.db')
    await waitUntil(() => existsSync(ledger), { deadlineMs: LIMIT_MS, everyMs: 1, what: 'a ledger' })
    await this.#kill(service)
    this.struck.push(MIGRATE)
  }

  async #strikeService(): Promise<Program> {
    const confirming: Promise<void>[] = []
    for (const strike of this.#plan.service) {
      const service = this.#serve(strike)
      if (this.#asked) confirming.push(this.#confirmControl(this.#asked))
      this.#asked = null
      const provoking = this.#provoke(strike, service)
      await this.#death(service, strike)
      this.#feed.hurry = null
      await provoking
    }
    const service = this.#serve()
    if (this.#asked) confirming.push(this.#confirmControl(this.#asked))
    await service.event('listening', LIMIT_MS)
    await Promise.all(confirming)
    return service
  }

  async #strikeWorker(): Promise<void> {
    for (const strike of this.#plan.worker) {
      if (strike.who === 'worker') await this.#death(this.#join(strike), strike)
      else while (!(await this.#childDies(strike)));
    }
    this.#worker = this.#join()
    await this.#worker.event('joined', LIMIT_MS)
  }

  /**
   * A worker's first child is armed. It may be closed before it passes its point, where what it was opened for is committed
   * meanwhile: false when two more sweeps came and it lives.
   */
  async #childDies(strike: Strike): Promise<boolean> {
    const worker = this.#join(strike)
    await worker.event('joined', LIMIT_MS)
    const enough = this.#feed.sweeps.length + 2
    const isDead = () => worker.events.some(({ event }) => event === 'child-gone')
    await waitUntil(() => isDead() || this.#feed.sweeps.length >= enough || !worker.isRunning, {
      deadlineMs: LIMIT_MS,
      what: `death at ${nameOf(strike)}`,
    })
    if (!worker.isRunning) throw new Error(`the worker ended before ${nameOf(strike)}: ${worker.stderr.slice(-1000)}`)
    await this.#kill(worker)
    if (isDead()) this.#note(strike)
    return isDead()
  }

  #serve(strike?: Strike): Program {
    const data = this.#fleet.path('service')
    const where = ['--redis', this.#redis.url, '--port', String(this.#port), '--data', data, '--datasets', this.#work.root]
    return this.#fleet.start(['serve', ...where, '--beat', String(BEAT_MS), '--json'], this.#env(strike))
  }

  #join(strike?: Strike): Program {
    return this.#fleet.worker(this.#url, 'worker', { slots: 'cpu,endpoint', env: this.#env(strike) })
  }

  #env(strike?: Strike): Readonly<Record<string, string>> {
    return strike ? { ...this.#work.env, SWEEPBOARD_CRASH_AT: `${strike.point}#${strike.nth}` } : this.#work.env
  }

  async #death(program: Program, strike: Strike): Promise<void> {
    await waitUntil(() => !program.isRunning, { deadlineMs: LIMIT_MS, what: `death at ${nameOf(strike)}` })
    const { code, stderr } = await program.ended
    if (code !== 137) throw new Error(`${strike.who} ended with ${code} before ${nameOf(strike)}: ${stderr.slice(-1000)}`)
    this.#note(strike)
  }

  #note(strike: Strike): void {
    this.#kills += 1
    this.struck.push(nameOf(strike))
  }

  async #kill(program: Program): Promise<void> {
    await program.end('SIGKILL')
    this.#kills += 1
  }

  /** Does what makes a service pass a point that its daily work does not, until it has died of it. */
  async #provoke({ point }: Strike, service: Program): Promise<void> {
    if (point === 'submit.after') this.#feed.hurry = 'submit'
    if (point === 'prepared.before') this.#feed.hurry = 'unprepared'
    const act = this.#provocation(point, service)
    if (act === null) return
    // What is refused while the service starts, dies or has nothing to pause is tried again.
    await waitUntil(async () => !service.isRunning || (await act().then(() => false)), {
      deadlineMs: LIMIT_MS,
      everyMs: 100,
      what: `death at ${point}`,
    })
  }

  #provocation(point: string, service: Program): (() => Promise<void>) | null {
    if (point === 'control.after') return () => this.#control()
    if (point.startsWith('gc.')) return () => this.#collectGarbage()
    if (point === 'expire.after') return () => this.#loseWorker(service)
    return null
  }

  async #control(): Promise<void> {
    const [sweep] = await this.#feed.underWay()
    if (sweep === undefined) throw new Error('nothing to pause')
    const isPaused = (await sweepState(this.#url, sweep)).state === 'paused'
    this.#asked = { sweep, state: isPaused ? 'running' : 'paused' }
    await this.#client.post(`/sweeps/${sweep}/${isPaused ? 'resume' : 'pause'}`)
  }

  /** A service that died after it had decided decided nonetheless. */
  async #confirmControl({ sweep, state }: { sweep: string; state: string }): Promise<void> {
    const found = await waitUntil(async () => (await sweepState(this.#url, sweep)).state, { deadlineMs: LIMIT_MS })
    if (found !== state && found !== 'done')
      throw new Error(`the service died after it was told that a sweep is ${state}: it is ${found}`)
    await waitUntil(
      async () => {
        if ((await sweepState(this.#url, sweep)).state !== 'paused') return true
        await this.#client.post(`/sweeps/${sweep}/resume`)
        return false
      },
      { deadlineMs: LIMIT_MS, what: 'the sweep to go on' },
    )
  }

  /** Every unreferenced file goes, however young: what a worker has just uploaded is asked of it again. */
  async #collectGarbage(): Promise<void> {
    const underWay = await this.#feed.underWay()
    const states = await Promise.all(underWay.map((sweep) => sweepState(this.#url, sweep)))
    if (states.some(({ chunks }) => chunks.total === 0)) throw new Error('a task is being read')
    await openHttpStore({ url: this.#url, token: null, retryMs: [] }).put(randomBytes(16))
    await this.#client.post('/gc', { olderThanMs: 0, dryRun: false })
  }

  /** While workers die of their own points, leases expire anyway. */
  async #loseWorker(service: Program): Promise<void> {
    if (!this.#worker) throw new Error('workers still die of their own points')
    const worker = this.#worker
    const hasLease = () => worker.events.some(({ event }) => event === 'lease')
    await waitUntil(() => hasLease() || !service.isRunning, { deadlineMs: LIMIT_MS, what: 'a lease' })
    if (!service.isRunning) return
    await this.#kill(worker)
    this.#worker = this.#join()
    await waitUntil(() => !service.isRunning, { deadlineMs: 20 * BEAT_MS }).catch(() => undefined)
  }

  /** A worker that our hand killed six times over one chunk blames the chunk, and says what to do: that is done. How many cells it was. */
  async #retryBlamed(): Promise<number> {
    const blamed = (await this.#notScored()).filter(({ failure }) => failure?.code === 'SB-WORK-003')
    for (const sweep of new Set(blamed.map((cell) => cell.sweep))) {
      await this.#client.post(`/sweeps/${sweep}/retry`)
      await finish(this.#url, sweep, LIMIT_MS)
    }
    return blamed.length
  }

  async #notScored(): Promise<(Cell & { readonly sweep: string })[]> {
    const ofSweep = async (sweep: string) =>
      (await api<Cell[]>(this.#url, `/sweeps/${sweep}/cells`)).map((cell) => ({ ...cell, sweep }))
    const cells = await Promise.all(this.#feed.sweeps.map(ofSweep))
    return cells.flat().filter(({ state }) => state !== 'scored')
  }

  /** Command lines of marked processes that neither the service nor the worker answers for, after time to notice. */
  async #orphans(owners: readonly Program[]): Promise<string[]> {
    const lost = () => {
      const owned = new Set(owners.flatMap(({ pid }) => [pid, ...liveDescendants(pid).map((row) => row.pid)]))
      return this.#fleet.left().filter(({ pid }) => !owned.has(pid))
    }
    await waitUntil(() => lost().length === 0, { deadlineMs: 60_000, everyMs: 200 }).catch(() => undefined)
    return lost().map(({ command }) => command)
  }
}

/** The first, unless the other fails before. */
function until<T>(these: Promise<T>, other: Promise<unknown>): Promise<T> {
  return Promise.race([these, new Promise<never>((_, reject) => other.catch(reject))])
}
