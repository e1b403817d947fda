import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from '../src/checks.ts'
import { findOnPath } from '../src/on-path.ts'
import { waitUntil } from '../src/processes.ts'
import { freePort } from '../src/redis-server.ts'
import { type ComposeService, readCompose } from './compose.ts'

const services = readCompose()
const service = (name: string) => services.get(name) as ComposeService
const missing = ['redis-server', 'redis-cli'].filter((name) => findOnPath([name]) === null)
const BIN = join(ROOT, 'apps/cli/bin/sweepboard.mjs')

/** Starts what the compose file says, on this machine: container paths, host names and ports become ones of a test's own. */
class Machine {
  readonly folder = mkdtempSync(join(tmpdir(), 'sb-compose-'))
  readonly said = new Map<string, string>()
  readonly #ports: Readonly<Record<string, number>>
  readonly #running = new Map<string, ChildProcess>()

  constructor(ports: Readonly<Record<string, number>>) {
    this.#ports = ports
    mkdirSync(join(this.folder, 'infra/secrets'), { recursive: true })
    for (const name of ['write', 'read']) writeFileSync(this.token(name), `${randomBytes(32).toString('hex')}\n`)
  }

  get url(): string {
    return `http://127.0.0.1:${this.#ports['4400']}`
  }

  token(name: string): string {
    return join(this.folder, `infra/secrets/${name}.token`)
  }

  data(name: string): string {
    return join(this.folder, name, 'data')
  }

  start(name: string): void {
    const { argv, env } = service(name)
    const child = this.#spawn(name, this.#mapped(name, argv), env)
    this.#running.set(name, child)
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (text: Buffer) => this.said.set(name, `${this.said.get(name) ?? ''}${text}`))
  }

  /** Runs the health check once; its exit code. */
  probe(name: string): Promise<number | null> {
    const { health, env } = service(name)
    const child = this.#spawn(name, this.#mapped(name, health?.argv ?? []), env)
    return new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
  }

  /** Waits, no longer than Docker would, until the health check passes. */
  async healthy(name: string): Promise<void> {
    await waitUntil(async () => (await this.probe(name)) === 0, {
      deadlineMs: service(name).health?.deadlineMs ?? 0,
      everyMs: 200,
      what: `health of ${name} (${this.said.get(name) ?? 'silent'})`,
    })
  }

  /** SIGTERM, as `docker compose down` sends it; the exit code, or the signal that had to follow. */
  async stop(name: string): Promise<number | string | null> {
    const child = this.#running.get(name) as ChildProcess
    const ended = new Promise<number | string | null>((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)))
    const late = setTimeout(() => child.kill('SIGKILL'), service(name).stopMs)
    child.kill('SIGTERM')
    return ended.finally(() => clearTimeout(late))
  }

  close(): void {
    for (const child of this.#running.values()) child.kill('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }

  #spawn(name: string, [program = '', ...args]: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
    const cwd = join(this.folder, name)
    mkdirSync(join(cwd, 'data'), { recursive: true })
    const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter)
    const mapped = Object.entries(env).map(([key, value]) => [key, this.#path(name, value)])
    return spawn(program, args, {
      cwd,
      env: { PATH, HOME: cwd, ...Object.fromEntries(mapped) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  #mapped(name: string, argv: readonly string[]): string[] {
    const words = argv.map((word) =>
      this.#path(name, word).replace(
        /(redis|service|127\.0\.0\.1):(6379|4400|9464)/g,
        (_, _host, port) => `127.0.0.1:${this.#ports[port]}`,
      ),
    )
    for (const flag of ['--port', '--metrics-port']) {
      const at = words.indexOf(flag)
      // Each container has ports of its own; here the second worker takes any free one.
      if (at >= 0) words[at + 1] = name === 'worker-nvidia' ? '0' : String(this.#ports[words[at + 1] as string])
    }
    const redisPort = String(this.#ports['6379'])
    // Redis listens on the port of its default, in the folder of its volume: neither is a word of the command.
    if (words[0] === 'redis-server') words.push('--port', redisPort, '--bind', '127.0.0.1', '--dir', this.data(name))
    if (words[0] === 'redis-cli') words.splice(1, 0, '-p', redisPort)
    return words
  }

  /** A container path as the one on this machine that is mounted there. */
  #path(name: string, word: string): string {
    const mount = [...service(name).mounts].find(([target]) => word === target || word.startsWith(`${target}/`))
    if (mount === undefined) return word
    const [target, source] = mount
    const rest = word.slice(target.length)
    if (source === null) return join(this.folder, name, target, rest)
    return join(source.startsWith('./infra/secrets') ? this.folder : ROOT, source, rest)
  }
}

function sweepboard(...args: string[]): Promise<{ exit: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [BIN, ...args], { env: { PATH: process.env.PATH } }, (error, stdout, stderr) =>
      resolve({ exit: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

describe.skipIf(missing.length > 0)(
  `the compose file, started without Docker${missing.length > 0 ? ` (needs ${missing.join(' and ')} on the PATH)` : ''}`,
  () => {
    let machine: Machine
    beforeAll(async () => {
      machine = new Machine({ 6379: await freePort(), 4400: await freePort(), 9464: await freePort() })
    })
    afterAll(() => machine.close())

    it('each service comes up after what it depends on is healthy', async () => {
      expect([...services].filter(([, { profiles }]) => profiles.length === 0).map(([name]) => name)).toEqual([
        'redis',
        'service',
        'worker',
      ])
      expect(service('service').dependsOn).toEqual(['redis'])
      expect(service('worker').dependsOn).toEqual(['service'])
      expect(await machine.probe('redis')).not.toBe(0)
      machine.start('redis')
      await machine.healthy('redis')
      expect(await machine.probe('service')).not.toBe(0)
      machine.start('service')
      await machine.healthy('service')
      machine.start('worker')
      await machine.healthy('worker')
      expect(machine.said.get('worker')).toContain('Joined')
    })

    it('the NVIDIA worker waits for its profile, is given the cards, and differs from the other in nothing it need not', async () => {
      const [cpu, nvidia] = [service('worker'), service('worker-nvidia')]
      expect(nvidia.profiles).toEqual(['nvidia'])
      expect(nvidia.devices).toEqual([{ driver: 'nvidia', count: 'all', capabilities: ['gpu'] }])
      expect(nvidia.argv.map((word) => (word === 'auto' ? 'cpu' : word))).toEqual(cpu.argv)
      for (const field of ['env', 'mounts', 'dependsOn', 'health'] as const) expect(nvidia[field]).toEqual(cpu[field])
      expect(nvidia.stopMs).toBeGreaterThan(cpu.stopMs)
      // Its command on this machine, which may have no card: it joins all the same.
      machine.start('worker-nvidia')
      await waitUntil(() => machine.said.get('worker-nvidia')?.includes('Joined'), { deadlineMs: 60_000, what: 'it joined' })
      expect(await machine.stop('worker-nvidia')).toBe(0)
    })

    it('the published port is the one the service listens on, and the board asks for the token', async () => {
      const { argv, ports } = service('service')
      expect(ports.map((port) => port.split(':').at(-1))).toEqual([argv[argv.indexOf('--port') + 1]])
      expect((await fetch(machine.url)).headers.get('content-type')).toContain('text/html')
      expect((await fetch(`${machine.url}/api/v1/sweeps`)).status).toBe(401)
    })

    it('a sweep submitted with the write token runs to its end on that worker, with a model of its mounted folder', async () => {
      const spec = join(machine.folder, 'sweep.yaml')
      const models = '[local/pocket-static-en, mteb/baseline-random-encoder]'
      writeFileSync(spec, `sweep: composed\ntasks: [SemanticTrapsEn]\nmodels: ${models}\n`)
      const submitted = await sweepboard('submit', spec, '--to', machine.url, '--token-file', machine.token('write'), '--json')
      expect(submitted).toMatchObject({ exit: 0 })
      const { sweep } = JSON.parse(submitted.stdout) as { sweep: string }
      const watched = await sweepboard('watch', sweep, '--to', machine.url, '--token-file', machine.token('read'), '--json')
      const last = watched.stdout.trim().split('\n').at(-1) ?? ''
      expect(JSON.parse(last)).toMatchObject({ event: 'done', state: 'done', cells: { total: 2, scored: 2, failed: 0 } })
    })

    it('what each keeps is in its volume', () => {
      expect(readdirSync(machine.data('redis'))).toContain('appendonlydir')
      expect(readdirSync(machine.data('service'))).toContain('artifacts')
      expect(readdirSync(join(machine.data('worker'), 'worker'))).toContain('outbox')
    })

    it('each ends kindly on SIGTERM', async () => {
      expect(await machine.stop('worker')).toBe(0)
      expect(await machine.stop('service')).toBe(0)
      expect(await machine.stop('redis')).toBe(0)
    })
  },
)
