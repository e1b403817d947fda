import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort, liveProcesses, startProxy, type TestRedis, waitUntil } from '@sweepboard/test-kit'
import { SmallDisk } from './chaos-disk.ts'
import { type Fleet, joined, type Program } from './fleet-kit.ts'

const BEAT_MS = 1000
/** What starts while Redis or the service is away says so and ends: to start it again is its supervisor's affair. */
const UNAVAILABLE = 4
const WORKERS = 3
const DISK_BYTES = 96 * 2 ** 20
const SERVICE_DISK_BYTES = 160 * 2 ** 20
const CLOCK = fileURLToPath(new URL('./clock-jump.mjs', import.meta.url))
type Proxy = Awaited<ReturnType<typeof startProxy>>

export interface Part {
  readonly name: string
  readonly disk: SmallDisk
  /** Data folder, on the disk. */
  readonly data: string
  program: Program
  /** It is down because somebody wants it down. */
  isHeld: boolean
}

/** A service and three workers that are started again whenever they end, as a supervisor of a real host does. */
export class ChaosFleet {
  readonly redis: TestRedis
  readonly redisProxy: Proxy
  readonly serviceProxy: Proxy
  readonly url: string
  readonly service: Part
  readonly workers: readonly Part[]
  /** Ends that nothing done here explains. */
  readonly surprises: string[] = []
  /** How often a program ended by itself, by its kind and exit code. */
  readonly ends = new Map<string, number>()
  readonly #fleet: Fleet
  readonly #launchers: (worker: string) => string
  readonly #port: number
  readonly #expected = new Set<Program>()
  /** Ended while their disk was not as it should be. */
  readonly #troubled = new Set<Program>()
  readonly #programs: Program[] = []
  #isOver = false
  #watching: Promise<void> = Promise.resolve()

  private constructor(given: {
    fleet: Fleet
    redis: TestRedis
    launchers: (worker: string) => string
    port: number
    proxies: [Proxy, Proxy]
    isMounted: boolean
  }) {
    const { fleet, isMounted } = given
    this.#fleet = fleet
    this.redis = given.redis
    this.#launchers = given.launchers
    this.#port = given.port
    this.url = `http://127.0.0.1:${given.port}`
    ;[this.redisProxy, this.serviceProxy] = given.proxies
    mkdirSync(fleet.path('tmp'))
    const part = (name: string, bytes: number): Omit<Part, 'program'> => {
      const disk = new SmallDisk(fleet.path(`disk-${name}`), bytes, isMounted)
      writeFileSync(this.#clock(name), '0')
      return { name, disk, data: fleet.path(`disk-${name}`, 'data'), isHeld: false }
    }
    const service = part('service', SERVICE_DISK_BYTES)
    this.service = { ...service, program: this.#serve(service) }
    this.workers = Array.from({ length: WORKERS }, (_, i) => part(`w${i}`, DISK_BYTES)).map((each) => ({
      ...each,
      program: this.#join(each),
    }))
  }

  static async start(given: {
    fleet: Fleet
    redis: TestRedis
    launchers: (worker: string) => string
    isMounted: boolean
  }): Promise<ChaosFleet> {
    const port = await freePort()
    const proxies: [Proxy, Proxy] = [await startProxy(given.redis.url), await startProxy(`http://127.0.0.1:${port}`)]
    const own = new ChaosFleet({ ...given, port, proxies })
    own.#watching = own.#watch()
    await own.service.program.event('listening')
    await joined(own.url, WORKERS)
    return own
  }

  get parts(): readonly Part[] {
    return [this.service, ...this.workers]
  }

  get pids(): number[] {
    return this.parts.map(({ program }) => program.pid)
  }

  /** Servers that workers have started: they stand in sessions of their own, below nobody's program once their worker is gone. */
  servers() {
    return liveProcesses().filter(
      ({ command }) =>
        command.includes(this.#fleet.folder) && (command.includes('launch-stub.ts') || command.includes('infinity_emb')),
    )
  }

  /** What workers gave up for good, and why. */
  dropped() {
    return this.#programs.flatMap(({ events }) => events.filter(({ event }) => event === 'entry-dropped'))
  }

  jump(part: Part, ms: number): void {
    writeFileSync(this.#clock(part.name), String(ms))
  }

  /** Ends it and starts it anew. */
  async restart(part: Part, signal: NodeJS.Signals): Promise<void> {
    const { program } = part
    this.#expected.add(program)
    await program.end(signal)
    await this.#revive(part)
  }

  /** Whatever ends from now on is an expected end: its disk is not as it should be. */
  async whileTroubled(part: Part, work: () => Promise<void>): Promise<void> {
    part.isHeld = true
    await work().finally(() => {
      part.isHeld = false
      // Its end has not been looked at yet.
      if (!part.program.isRunning) this.#troubled.add(part.program)
    })
  }

  /** Ends all, kindly: the workers first. Answers exit codes that are not 0. */
  async end(): Promise<string[]> {
    this.#isOver = true
    await this.#watching
    const odd: string[] = []
    for (const { name, program } of [...this.workers, this.service]) {
      const { code, stderr } = await program.end('SIGTERM')
      if (code !== 0) odd.push(`${name} ended with ${code} when told to end: ${stderr.slice(-500)}`)
    }
    return odd
  }

  /** Starts all anew after `end`, unwatched, and waits until they know each other. */
  async again(): Promise<void> {
    for (const part of this.parts) {
      this.jump(part, 0)
      await this.#revive(part)
    }
    await untilAnswers(this.url)
    await joined(this.url, WORKERS)
  }

  get port(): number {
    return this.#port
  }

  /** Copies what the programs said and wrote: the disks are gone with `close`. */
  keep(folder: string): void {
    for (const { name, data } of this.parts) cpSync(data, join(folder, `data-${name}`), { recursive: true })
    for (const [i, { args, stderr, events }] of this.#programs.entries())
      writeFileSync(
        join(folder, `${i}-${args[0]}.log`),
        `${args.join(' ')}\n${stderr}\n${events.map((event) => JSON.stringify(event)).join('\n')}\n`,
      )
  }

  close(): void {
    this.#isOver = true
    for (const proxy of [this.redisProxy, this.serviceProxy]) proxy.stop()
    for (const { disk } of this.parts) disk.close()
  }

  #clock(name: string): string {
    return this.#fleet.path(`clock-${name}`)
  }

  #env(name: string): Record<string, string> {
    return {
      TMPDIR: this.#fleet.path('tmp'),
      NODE_COMPILE_CACHE: this.#fleet.path('compiled'),
      NODE_OPTIONS: `--import=${CLOCK}`,
      CLOCK_JUMP: this.#clock(name),
    }
  }

  #start(args: readonly string[], env: Record<string, string>): Program {
    const program = this.#fleet.start(args, env)
    this.#programs.push(program)
    return program
  }

  #serve({ name, data }: Pick<Part, 'name' | 'data'>): Program {
    const queue = ['--redis', this.redis.url, '--redis-for-workers', this.redisProxy.url]
    const where = ['--port', String(this.#port), '--data', data, '--datasets', this.#fleet.path('tasks')]
    return this.#start(['serve', ...queue, ...where, '--beat', String(BEAT_MS), '--json'], this.#env(name))
  }

  #join({ name, data }: Pick<Part, 'name' | 'data'>): Program {
    const what = ['--slots', '2xcpu,endpoint', '--threads', '1', '--launchers', this.#launchers(name), '--name', name, '--json']
    return this.#start(['worker', '--join', this.serviceProxy.url, '--data', data, ...what], this.#env(name))
  }

  async #revive(part: Part): Promise<void> {
    part.program = part === this.service ? this.#serve(part) : this.#join(part)
  }

  async #watch(): Promise<void> {
    while (!this.#isOver) {
      for (const part of this.parts) {
        const { program } = part
        if (program.isRunning || this.#expected.has(program)) continue
        this.#expected.add(program)
        const { code, stderr } = await program.ended
        const isTroubled = part.isHeld || this.#troubled.has(program)
        const kind = `${part === this.service ? 'service' : 'worker'} with ${code}${isTroubled ? ' (disk in trouble)' : ''}`
        this.ends.set(kind, (this.ends.get(kind) ?? 0) + 1)
        // Once at work it waits for whatever is away.
        const isStart = !program.events.some(({ event }) => event === 'joined' || event === 'listening')
        if (!isTroubled && !(code === UNAVAILABLE && isStart))
          this.surprises.push(`${part.name} ended by itself with ${code}: ${stderr.slice(-1500)}`)
        await sleep(1000)
        await this.#revive(part)
      }
      await sleep(200)
    }
  }
}

/** Waits as long as it takes for the service to answer. */
export async function untilAnswers(url: string): Promise<void> {
  await waitUntil(async () => (await fetch(`${url}/api/v1/health`)).ok, {
    deadlineMs: 180_000,
    everyMs: 100,
    what: 'the service',
  })
}
