import { request } from 'node:http'
import { freePort } from './redis-server.ts'

/** A Redis in a container whose port stays the same over restarts. */
export interface RedisContainer {
  readonly port: number
  stop(): Promise<void>
  kill(): Promise<void>
  restart(): Promise<void>
}

/** Whether a container daemon answers `GET /_ping`: asked first, because importing testcontainers costs 0.9 s. */
export function daemonAnswers(host: string | undefined): Promise<boolean> {
  const where = daemonAddress(host)
  if (!where) return Promise.resolve(false)
  return new Promise((resolve) => {
    const asked = request({ ...where, path: '/_ping', timeout: 2000 }, (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200)
    })
    asked.on('timeout', () => asked.destroy())
    asked.on('error', () => resolve(false))
    asked.end()
  })
}

function daemonAddress(host: string | undefined): { socketPath: string } | { host: string; port: number } | null {
  if (!host) return { socketPath: '/var/run/docker.sock' }
  const url = URL.parse(host)
  if (url?.protocol === 'unix:') return { socketPath: url.pathname }
  if (url?.protocol === 'tcp:') return { host: url.hostname, port: Number(url.port || 2375) }
  return null
}

/** Starts `redis:7-alpine` with an append-only file and without eviction. */
export async function startContainer(args: readonly string[]): Promise<RedisContainer> {
  const { GenericContainer, getContainerRuntimeClient } = await import('testcontainers')
  const port = await freePort()
  const container = await new GenericContainer('redis:7-alpine')
    .withExposedPorts({ container: 6379, host: port })
    .withCommand(['redis-server', '--appendonly', 'yes', '--save', '', '--maxmemory-policy', 'noeviction', ...args])
    .start()
  return {
    port,
    stop: async () => {
      await container.stop()
    },
    kill: async () => {
      const client = await getContainerRuntimeClient()
      await client.container.getById(container.getId()).kill()
    },
    restart: () => container.restart(),
  }
}
