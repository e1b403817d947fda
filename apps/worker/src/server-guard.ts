import { spawn } from 'node:child_process'
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { ProcessFamily, readStat, SERVER_MARK } from './process-family.ts'

/**
 * A process between a worker and one server it started, in a session of its own. It starts the server, says when it ends, stops it
 * when told, and kills it when the worker is gone, however that went: the kernel closes the worker's end of the pipe. It imports
 * nothing of ours but the process table, because there is one for each server.
 *
 * In: one line `GuardStart`, then `stop` or `kill`; the end of input means that the worker is gone. Out (descriptor 3): one line
 * `GuardWord` each. The server inherits standard output and standard error, which nobody reads here.
 */

export interface GuardStart {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly mark: string
  /** Milliseconds between asking the server to end and killing it. */
  readonly stopMs: number
}
export type GuardWord =
  | { readonly said: 'started'; readonly pid: number; readonly startTime: string }
  | { readonly said: 'failed'; readonly message: string }
  | { readonly said: 'exited'; readonly exitCode: number | null; readonly signal: string | null }

const WORDS_FD = 3
const LOOK_MS = 50

function say(word: GuardWord): void {
  try {
    writeSync(WORDS_FD, `${JSON.stringify(word)}\n`)
  } catch {
    // The worker is gone: the end of input says so, too.
  }
}

function guard(): void {
  const lines = createInterface({ input: process.stdin })
  let family: ProcessFamily | null = null
  let command: GuardStart | null = null
  let isAsking = false
  const kill = async () => {
    await family?.kill()
    process.exit(0)
  }
  const stop = async () => {
    if (isAsking) return
    isAsking = true
    await ask(family, command?.stopMs ?? 0)
    await kill()
  }
  lines.on('line', (line) => {
    if (line === 'kill') void kill()
    else if (line === 'stop') void stop()
    else if (command === null) {
      command = JSON.parse(line) as GuardStart
      family = start(command, { onEnd: kill, isAsked: () => isAsking })
    }
  })
  lines.on('close', () => void kill())
  process.on('SIGTERM', () => void stop())
}

function start(
  { argv, env, mark }: GuardStart,
  { onEnd, isAsked }: { onEnd: () => Promise<void>; isAsked: () => boolean },
): ProcessFamily | null {
  const [program = '', ...args] = argv
  const server = spawn(program, args, {
    detached: true,
    env: { ...env, [SERVER_MARK]: mark },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  server.once('error', (error) => {
    say({ said: 'failed', message: error.message })
    void onEnd()
  })
  server.once('exit', (exitCode, signal) => {
    say({ said: 'exited', exitCode, signal })
    // Asked to end, its children may still be at it: they have the rest of the time.
    if (!isAsked()) void onEnd()
  })
  if (server.pid === undefined) return null
  const startTime = readStat(server.pid)?.startTime ?? ''
  say({ said: 'started', pid: server.pid, startTime })
  return new ProcessFamily(mark, { pid: server.pid, startTime })
}

/** SIGTERM to all of them, then a look at the process table until nobody is left or the time is over. */
async function ask(family: ProcessFamily | null, stopMs: number): Promise<void> {
  family?.signal('SIGTERM')
  const until = performance.now() + stopMs
  while (performance.now() < until && (family?.members().length ?? 0) > 0) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

if (process.argv[2] === 'guard') guard()
