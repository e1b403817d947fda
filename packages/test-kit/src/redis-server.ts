import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { Redis } from 'ioredis'
import { findOnPath } from './on-path.ts'
import { waitUntil } from './processes.ts'

/** How to start one private server: the binary, its environment, where its append-only file goes, on which port. */
export interface ServerPlan {
  readonly binary: string
  readonly env: NodeJS.ProcessEnv
  readonly folder: string
  readonly port: number
  readonly args: readonly string[]
  /** Whom to log in as, where `args` name an aclfile. */
  readonly login?: { readonly user: string; readonly password: string } | undefined
}

/** A free TCP port of the loopback interface (free now: a server that finds it taken must try another). */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Starts redis-server with an append-only file and without eviction, as production should, and waits for its PONG. */
export async function startServer(plan: ServerPlan): Promise<ChildProcess> {
  const settings = ['--port', String(plan.port), '--bind', '127.0.0.1', '--dir', plan.folder, '--save', '', '--appendonly', 'yes']
  const args = [...settings, '--maxmemory-policy', 'noeviction', '--daemonize', 'no', ...plan.args]
  // A test runner killed with SIGKILL cannot stop its servers: the kernel does, where util-linux is at hand.
  const setpriv = findOnPath(['setpriv'])
  const [command, all] = setpriv ? [setpriv, ['--pdeathsig', 'KILL', plan.binary, ...args]] : [plan.binary, args]
  const child = spawn(command, all, { env: plan.env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const keep = (text: Buffer) => {
    said = `${said}${text}`.slice(-4000)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(new Error(`${plan.binary} ended (${code ?? signal}): ${said.slice(-500)}`)))
  })
  failed.catch(() => {}) // reported below while starting; an end later on is the test's own doing
  await Promise.race([failed, waitUntil(() => answers(urlOf(plan)), { deadlineMs: 120_000 })])
  return child
}

/** Ends a server and waits until it is gone. */
export async function endServer(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await gone
}

/** The address of a server on a loopback port, with its login or the password its arguments set. */
export function urlOf({ port, args, login }: Pick<ServerPlan, 'port' | 'args' | 'login'>): string {
  if (login) return `redis://${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}@127.0.0.1:${port}`
  const at = args.indexOf('--requirepass')
  return at < 0 ? `redis://127.0.0.1:${port}` : `redis://:${encodeURIComponent(args[at + 1] ?? '')}@127.0.0.1:${port}`
}

/** Whether a Redis answers there with PONG. */
export async function answers(url: string): Promise<boolean> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0, connectTimeout: 2000 })
  client.on('error', () => {})
  try {
    await client.connect()
    return (await client.ping()) === 'PONG'
  } catch {
    return false
  } finally {
    client.disconnect()
  }
}
