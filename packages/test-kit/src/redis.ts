import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { libraryPath, unpackDebianPackage } from './debian-package.ts'
import { findOnPath } from './on-path.ts'
import { daemonAnswers, startContainer } from './redis-container.ts'
import { answers, endServer, freePort, type ServerPlan, startServer, urlOf } from './redis-server.ts'

const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/sweepboard-debian', import.meta.url))

/** A real Redis for tests. */
export interface TestRedis {
  readonly url: string
  /** Where it came from. */
  readonly source: 'REDIS_URL' | 'path' | 'container' | 'package'
  /** Ends the server if it is ours; call it in `afterAll`. */
  stop(): Promise<void>
  /** SIGKILL, as a crash does; `restart` brings it back with what its append-only file holds. */
  kill(): Promise<void>
  /** Starts it again on the same address after `kill`, or stops (SIGTERM) and starts a running one. */
  restart(): Promise<void>
  flushAll(): Promise<void>
}

export type RedisStart = { redis: TestRedis; reason: '' } | { redis: null; reason: string }

export interface RedisOptions {
  /** Never REDIS_URL: for tests that kill, restart or flush the server. */
  readonly own?: boolean
  /** Further redis-server arguments, e.g. `['--requirepass', 'x']`; implies `own`. */
  readonly args?: readonly string[]
  /** Login of `url`, where `args` name an aclfile. */
  readonly login?: ServerPlan['login']
  readonly env?: NodeJS.ProcessEnv
}

/**
 * A real Redis, from the first of: REDIS_URL; redis-server or valkey-server on the PATH; a container where a daemon answers;
 * the Debian package unpacked into node_modules/.cache. Otherwise `redis` is null and `reason` says why, for the title of
 * the skipped tests.
 */
export async function startRedis(options: RedisOptions = {}): Promise<RedisStart> {
  const env = options.env ?? process.env
  const args = options.args ?? []
  if (env.REDIS_URL && !options.own && args.length === 0) return sharedRedis(env.REDIS_URL)
  const binary = findOnPath(['redis-server', 'valkey-server'], env.PATH)
  if (binary) return { redis: await privateRedis(binary, env, { args, login: options.login }, 'path'), reason: '' }
  if (await daemonAnswers(env.DOCKER_HOST)) return { redis: await containerRedis(args), reason: '' }
  const unpacked = await unpackedRedis()
  if (typeof unpacked === 'string') return { redis: null, reason: unpacked }
  const all = { ...env, LD_LIBRARY_PATH: unpacked.libraries }
  const redis = await privateRedis(unpacked.binary, all, { args, login: options.login }, 'package')
  return { redis, reason: '' }
}

/** The server of the Debian package, or why there is none. */
async function unpackedRedis(): Promise<{ binary: string; libraries: string } | string> {
  try {
    const root = await unpackDebianPackage('redis-server', CACHE)
    const binary = findOnPath(['redis-server'], join(root, 'usr/bin'))
    if (binary) return { binary, libraries: libraryPath(root) }
    return 'the Debian package holds no redis-server'
  } catch (error) {
    const message = error instanceof Error ? error.message.split('\n')[0] : String(error)
    return `no redis-server on PATH, no container daemon, no Debian package (${message})`
  }
}

async function sharedRedis(url: string): Promise<RedisStart> {
  if (!(await answers(url))) throw new Error('REDIS_URL is set, but no Redis answers there')
  const refuse = async () => {
    throw new Error('this Redis is not ours: a test that kills or flushes it must ask for { own: true }')
  }
  return {
    redis: { url, source: 'REDIS_URL', stop: async () => {}, kill: refuse, restart: refuse, flushAll: refuse },
    reason: '',
  }
}

async function privateRedis(
  binary: string,
  env: NodeJS.ProcessEnv,
  how: Pick<ServerPlan, 'args' | 'login'>,
  source: 'path' | 'package',
): Promise<TestRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'sb-redis-'))
  let plan: ServerPlan = { binary, env, folder, port: await freePort(), ...how }
  let server = await startServer(plan).catch(async () => {
    plan = { ...plan, port: await freePort() } // somebody else was quicker
    return startServer(plan)
  })
  const url = urlOf(plan)
  return {
    url,
    source,
    stop: async () => {
      await endServer(server, 'SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
    kill: () => endServer(server, 'SIGKILL'),
    restart: async () => {
      await endServer(server, 'SIGTERM')
      server = await startServer(plan)
    },
    flushAll: () => flushAll(url),
  }
}

async function containerRedis(args: readonly string[]): Promise<TestRedis> {
  const container = await startContainer(args)
  const url = urlOf({ port: container.port, args })
  return { ...container, url, source: 'container', flushAll: () => flushAll(url) }
}

async function flushAll(url: string): Promise<void> {
  const client = new Redis(url)
  await client.flushall()
  client.disconnect()
}
