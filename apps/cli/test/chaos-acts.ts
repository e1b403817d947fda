import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { liveDescendants, type ProcessRow } from '@sweepboard/test-kit'
import type { Blow, BlowKind } from './chaos-draw.ts'
import type { ChaosFleet, Part } from './chaos-fleet.ts'

const DAY_MS = 86_400_000
/** Five beats of a second are grace. */
const PAST_GRACE_MS = 8000
const PAST_LOCK_MS = 65_000

/** What a blow hit, and the end of what it does over time; null where there is nothing to hit now. */
export interface Hit {
  readonly target: string
  /** Name of the worker it concerns; null = all. */
  readonly whose: string | null
  readonly over: Promise<void>
}

/** A process of a worker's. */
interface Prey {
  readonly row: ProcessRow
  readonly whose: string | null
}
type Act = (blow: Blow) => Hit | null

/** Does to a fleet what is drawn. A part that is under one blow is left alone by all others until that is over. */
export class ChaosActs {
  readonly #fleet: ChaosFleet
  readonly #busy = new Set<unknown>()

  constructor(fleet: ChaosFleet) {
    this.#fleet = fleet
  }

  strike(blow: Blow): Hit | null {
    return this.#acts[blow.kind](blow)
  }

  readonly #acts: Readonly<Record<BlowKind, Act>> = {
    'kill inference child': (blow) => this.#kill(this.#children('inference-child'), blow),
    'kill scoring child': (blow) => this.#kill(this.#children('scoring-child'), blow),
    'kill launched server': (blow) => this.#kill(this.#servers(), blow),
    'kill guard': (blow) => this.#kill(this.#children('server-guard.ts'), blow),
    'kill worker': (blow) => this.#onWorker(blow, (part) => this.#fleet.restart(part, 'SIGKILL')),
    'stop worker with SIGTERM': (blow) => this.#onWorker(blow, (part) => this.#fleet.restart(part, 'SIGTERM')),
    'kill service': (blow) => this.#onService(blow, (part) => this.#fleet.restart(part, 'SIGKILL')),
    'stop service with SIGTERM': (blow) => this.#onService(blow, (part) => this.#fleet.restart(part, 'SIGTERM')),
    'restart Redis': () => this.#onRedis(() => this.#fleet.redis.restart()),
    'flush Redis': () => this.#onRedis(() => this.#fleet.redis.flushAll()),
    'Redis away for 20 s': () => this.#onRedis(() => this.#redisAway()),
    'half-open connections to Redis': () => this.#halfOpen(this.#fleet.redisProxy),
    'half-open connections to the service': () => this.#halfOpen(this.#fleet.serviceProxy),
    'nothing passes to Redis': (blow) => this.#hole(this.#fleet.redisProxy, blow),
    'nothing passes to the service': (blow) => this.#hole(this.#fleet.serviceProxy, blow),
    'SIGSTOP a worker past grace': (blow) => this.#onWorker(blow, (part) => this.#freeze(part.program.pid, PAST_GRACE_MS)),
    'SIGSTOP a worker past the lock': (blow) => this.#onWorker(blow, (part) => this.#freeze(part.program.pid, PAST_LOCK_MS)),
    'SIGSTOP the service': (blow) => this.#onService(blow, (part) => this.#freeze(part.program.pid, 1000 + blow.extent * 5000)),
    'SIGSTOP a launched server': (blow) => this.#freezeServer(blow),
    "a worker's disk is full": (blow) => this.#onWorker(blow, (part) => this.#fillDisk(part, blow)),
    "the service's disk is full": (blow) => this.#onService(blow, (part) => this.#fillDisk(part, blow)),
    "a worker's folder is read-only": (blow) => this.#onWorker(blow, (part) => this.#protect(part, 'worker', blow)),
    "the service's artifacts are read-only": (blow) => this.#onService(blow, (part) => this.#protect(part, 'artifacts', blow)),
    'clock of a worker jumps': (blow) => this.#onWorker(blow, (part) => this.#jump(part, blow)),
    'clock of the service jumps': (blow) => this.#onService(blow, (part) => this.#jump(part, blow)),
  }

  /** One after the other is no overlap: `what` is nobody else's until `work` is over. */
  #alone(what: unknown, { target, whose }: Pick<Hit, 'target' | 'whose'>, work: () => Promise<void>): Hit | null {
    if (this.#busy.has(what)) return null
    this.#busy.add(what)
    const over = work().finally(() => {
      this.#busy.delete(what)
    })
    return { target, whose, over }
  }

  #onWorker({ pick }: Blow, work: (part: Part) => Promise<void>): Hit | null {
    const free = this.#fleet.workers.filter((part) => !this.#busy.has(part) && part.program.isRunning)
    const part = free[Math.floor(pick * free.length)]
    return part ? this.#alone(part, { target: part.name, whose: part.name }, () => work(part)) : null
  }

  #onService(_: Blow, work: (part: Part) => Promise<void>): Hit | null {
    const { service } = this.#fleet
    return service.program.isRunning ? this.#alone(service, { target: 'service', whose: null }, () => work(service)) : null
  }

  #onRedis(work: () => Promise<void>): Hit | null {
    return this.#alone(this.#fleet.redis, { target: 'redis', whose: null }, work)
  }

  #children(word: string): Prey[] {
    return this.#fleet.workers.flatMap(({ name, program }) =>
      liveDescendants(program.pid)
        .filter(({ command }) => command.includes(word))
        .map((row) => ({ row, whose: name })),
    )
  }

  #servers(): Prey[] {
    const { workers } = this.#fleet
    return this.#fleet
      .servers()
      .map((row) => ({ row, whose: workers.find(({ name }) => row.command.includes(`/tally/${name}/`))?.name ?? null }))
  }

  #kill(prey: readonly Prey[], { pick }: Blow): Hit | null {
    const one = prey[Math.floor(pick * prey.length)]
    if (one === undefined) return null
    signal(one.row.pid, 'SIGKILL')
    return { target: `process ${one.row.pid} of ${prey.length}`, whose: one.whose, over: Promise.resolve() }
  }

  async #freeze(pid: number, ms: number): Promise<void> {
    signal(pid, 'SIGSTOP')
    await sleep(ms).finally(() => signal(pid, 'SIGCONT'))
  }

  #freezeServer({ pick, extent }: Blow): Hit | null {
    const prey = this.#servers()
    const one = prey[Math.floor(pick * prey.length)]
    if (one === undefined) return null
    const { pid } = one.row
    return this.#alone(pid, { target: `process ${pid}`, whose: one.whose }, () => this.#freeze(pid, 1000 + extent * 9000))
  }

  async #redisAway(): Promise<void> {
    await this.#fleet.redis.kill()
    await sleep(20_000)
    await this.#fleet.redis.restart()
  }

  #halfOpen(proxy: ChaosFleet['redisProxy']): Hit | null {
    const count = proxy.silence()
    return count > 0 ? { target: `${count} connections`, whose: null, over: Promise.resolve() } : null
  }

  #hole(proxy: ChaosFleet['redisProxy'], { extent }: Blow): Hit | null {
    const target = `${proxy.silence()} connections and all new ones`
    return this.#alone(proxy, { target, whose: null }, async () => {
      proxy.swallowNew(true)
      await sleep(2000 + extent * 8000)
      proxy.swallowNew(false)
    })
  }

  async #fillDisk(part: Part, { extent }: Blow): Promise<void> {
    await this.#fleet.whileTroubled(part, async () => {
      part.disk.fill()
      await sleep(2000 + extent * 5000)
      part.disk.empty()
    })
  }

  async #protect(part: Part, below: string, { extent }: Blow): Promise<void> {
    const folder = join(part.data, below)
    if (!existsSync(folder)) return
    await this.#fleet.whileTroubled(part, async () => {
      try {
        await part.disk.protect(folder)
        await sleep(2000 + extent * 5000)
      } finally {
        part.disk.release(folder)
      }
    })
  }

  /** Up to two days on or back, and it stays so until the next jump. */
  async #jump(part: Part, { extent }: Blow): Promise<void> {
    this.#fleet.jump(part, Math.round((extent - 0.5) * 4 * DAY_MS))
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It ended meanwhile.
  }
}
