import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { freePort, isAlive, liveDescendants, type ProcessRow, processesMarked, waitUntil } from '@sweepboard/test-kit'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const MARK = 'SWEEPBOARD_FLEET'
const BEAT_MS = 500
/** A machine with other work may need half a minute for one start. */
const START_MS = 180_000

export interface Ended {
  /** Exit code; 128 and more for a signal. */
  readonly code: number
  /** Lines of stdout, read as JSON where they are. */
  readonly events: readonly Event[]
  readonly stdout: string
  readonly stderr: string
}
export type Event = { readonly event?: string } & Readonly<Record<string, unknown>>

/** One `sweepboard` process, as a user starts it. */
export class Program {
  readonly args: readonly string[]
  readonly child: ChildProcess
  readonly events: Event[] = []
  readonly ended: Promise<Ended>
  stderr = ''
  #stdout = ''

  /** `through`: a program that becomes the command it is given, e.g. `ip netns exec NAME`. */
  constructor(args: readonly string[], env: NodeJS.ProcessEnv, through: readonly string[] = []) {
    this.args = args
    const [program = process.execPath, ...rest] = [...through, process.execPath, MAIN, ...args]
    this.child = spawn(program, rest, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.child.stderr?.on('data', (text: Buffer) => {
      this.stderr += String(text)
    })
    const lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream })
    lines.on('line', (line) => {
      this.#stdout += `${line}\n`
      if (line.startsWith('{') && line.endsWith('}')) this.events.push(JSON.parse(line) as Event)
    })
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject)
      this.child.once('close', (code) =>
        resolve({ code: code ?? 137, events: this.events, stdout: this.#stdout, stderr: this.stderr }),
      )
    })
  }

  get pid(): number {
    return this.child.pid as number
  }

  get isRunning(): boolean {
    return isAlive(this.pid)
  }

  /** Waits for an event of this name; throws early when the process ends without it. */
  event(name: string, deadlineMs = START_MS): Promise<Event> {
    let failure: Error | null = null
    return waitUntil(
      () => {
        const found = this.events.find((event) => event.event === name)
        if (!found && !this.isRunning) failure = new Error(`${this.args[0]} ended without "${name}": ${this.stderr.slice(-2000)}`)
        return found ?? failure
      },
      { deadlineMs, what: `event ${name} of ${this.args[0]}` },
    ).then((found) => {
      if (found instanceof Error) throw found
      return found
    })
  }

  async end(signal: NodeJS.Signals): Promise<Ended> {
    if (this.isRunning) this.child.kill(signal)
    return this.ended
  }
}

export interface ServiceProgram extends Program {
  readonly url: string
}

/** Processes, folders and the mark of one test file; `close` ends all and says what was left behind. */
export class Fleet {
  readonly folder = mkdtempSync(join(tmpdir(), 'sweepboard-fleet-'))
  readonly #mark = randomBytes(8).toString('hex')
  readonly #programs: Program[] = []

  path(...parts: string[]): string {
    return join(this.folder, ...parts)
  }

  start(args: readonly string[], env: Readonly<Record<string, string>> = {}, through: readonly string[] = []): Program {
    const own = { PATH: process.env.PATH, HOME: this.folder, TMPDIR: process.env.TMPDIR }
    const program = new Program(args, { ...own, ...env, [MARK]: this.#mark }, through)
    this.#programs.push(program)
    return program
  }

  /** Runs a command to its end. */
  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return this.start(args, env).ended
  }

  /** Runs a command that must succeed. */
  async succeed(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const ended = await this.run(args, env)
    if (ended.code !== 0)
      throw new Error(
        `sweepboard ${args.join(' ')} ended with ${ended.code}\n${ended.stderr.slice(-3000)}\n${ended.stdout.slice(-2000)}`,
      )
    return ended
  }

  /** A service on Redis; the port is kept when it is started again on the same one. */
  async serve(
    data: string,
    options: { redis: string; port?: number; beatMs?: number; env?: Readonly<Record<string, string>> },
  ): Promise<{ program: Program; url: string; port: number }> {
    const { port = await freePort(), beatMs = BEAT_MS } = options
    const program = this.start(
      ['serve', '--redis', options.redis, '--port', String(port), '--data', data, '--beat', String(beatMs), '--json'],
      options.env,
    )
    const { url } = await program.event('listening')
    return { program, url: String(url), port }
  }

  worker(
    url: string,
    name: string,
    options: { slots?: string; args?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
  ): Program {
    const { slots = 'cpu', args = [], env } = options
    const own = ['--data', this.path(name), '--slots', slots, '--threads', '1', '--name', name, '--json', ...args]
    return this.start(['worker', '--join', url, ...own], env)
  }

  /** Processes of this fleet below `pid` whose command line holds `word`. */
  below(pid: number, word: string): ProcessRow[] {
    return liveDescendants(pid).filter(({ command }) => command.includes(word))
  }

  /** Ends every program that still runs, the latest first: kindly, then not. */
  async endAll(): Promise<void> {
    for (const program of this.#programs.splice(0).reverse()) {
      if (!program.isRunning) continue
      process.kill(program.pid, 'SIGCONT')
      program.child.kill('SIGTERM')
      await waitUntil(() => !program.isRunning, { deadlineMs: 60_000 }).catch(() => program.end('SIGKILL'))
    }
  }

  /** Ends everything; answers live processes that nobody owns any more. */
  async close(): Promise<ProcessRow[]> {
    await this.endAll()
    await waitUntil(() => this.left().length === 0, { deadlineMs: 60_000, everyMs: 100 }).catch(() => undefined)
    const left = this.left()
    for (const { pid } of left) process.kill(pid, 'SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
    return left
  }

  left(): ProcessRow[] {
    return processesMarked(MARK, this.#mark)
  }

  /** What `export` writes from a service or a data folder, by relative path, without times, dates and hosts. */
  async exported(from: { url: string } | { data: string }, sweep?: string): Promise<Map<string, unknown>> {
    const into = mkdtempSync(this.path('export-'))
    const source = 'url' in from ? ['--to', from.url] : ['--data', from.data]
    await this.succeed(['export', into, ...source, ...(sweep ? ['--sweep', sweep] : [])])
    return this.readExport(into)
  }

  /** The files of an export, as `exported` answers them. */
  readExport(folder: string): Map<string, unknown> {
    return readExport(folder)
  }
}

function readExport(folder: string): Map<string, unknown> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  return new Map(files.map((file) => [relative(folder, file), withoutCircumstances(readFileSync(file, 'utf8'))]))
}

/** NaN is no JSON: the format has it, so it is read as a string. */
function withoutCircumstances(text: string): unknown {
  const { evaluation_time: _, date: __, sweepboard: ___, ...rest } = JSON.parse(text.replace(/\bNaN\b/g, '"NaN"'))
  return rest
}

/** Submits and answers the sweep's id; the submitting process is gone by then. */
export async function submit(fleet: Fleet, spec: string, url: string): Promise<string> {
  const { stdout } = await fleet.succeed(['submit', spec, '--to', url, '--json'])
  return (JSON.parse(stdout) as { sweep: string }).sweep
}

export interface SweepState {
  readonly state: string
  readonly cells: { total: number; scored: number; failed: number }
  readonly chunks: { total: number; done: number }
}

export interface Cell {
  readonly task: string
  readonly model: string
  readonly state: string
  readonly failure: { code: string; message: string; fix: string } | null
  readonly evidence: Readonly<Record<'query' | 'document' | 'score', { hosts?: readonly string[]; host?: string } | null>>
}

export async function api<T>(url: string, path: string): Promise<T> {
  const answer = await fetch(`${url}/api/v1${path}`)
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as T
}

export function sweepState(url: string, sweep: string): Promise<SweepState> {
  return api(url, `/sweeps/${sweep}`)
}

/** Waits for the end of a sweep; what it then looks like. */
export async function finish(
  url: string,
  sweep: string,
  deadlineMs = 300_000,
  read = (id: string) => sweepState(url, id),
): Promise<SweepState> {
  let last: unknown
  try {
    return await waitUntil(
      async () => {
        const now = await read(sweep)
        last = now
        return now.state === 'done' && now
      },
      { deadlineMs, everyMs: 50, what: `the end of sweep ${sweep}` },
    )
  } catch (cause) {
    throw new Error(`sweep ${sweep} did not end: ${JSON.stringify(last)}`, { cause })
  }
}

export async function joined(url: string, count: number): Promise<void> {
  await waitUntil(async () => (await api<unknown[]>(url, '/hosts')).length >= count, {
    deadlineMs: START_MS,
    what: `${count} hosts`,
  })
}
