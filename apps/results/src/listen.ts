import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { SweepError } from '@sweepboard/contracts'
import type { Hono } from 'hono'

export interface Listening {
  readonly url: string
  close(): Promise<void>
}

/** Longest upload of one artifact: 2 GiB over a slow line. Headers still have Node's minute. */
const UPLOAD_MS = 3_600_000

/** Longer than any beat: a host keeps its connection, and none is closed under a request that is on its way. */
const KEEP_ALIVE_MS = 75_000
/** Connections that may wait to be accepted: a thousand hosts come back at once after a restart (the kernel may allow fewer). */
const BACKLOG = 4096

/** An address as a URL holds it: one of IPv6 in brackets. */
export function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

/** Why nothing listens there: `SB-SERVE-003` where the port is taken, else `SB-SERVE-011` (no such address here, not allowed). */
export function listenError({ host, port }: { host: string; port: number }, cause: unknown): SweepError {
  const { code, message } = cause as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') return new SweepError('SB-SERVE-003', { port }, { cause })
  return new SweepError('SB-SERVE-011', { host, port, message }, { cause })
}

/** Listens on `port`, or with `next` on the first free one of the hundred after it. Throws as `listenError` says. */
export async function listen(app: Hono, where: { host: string; port: number; next: boolean }): Promise<Listening> {
  for (let port = where.port; ; port += 1) {
    const server = createAdaptorServer({
      fetch: app.fetch,
      serverOptions: { requestTimeout: UPLOAD_MS, keepAliveTimeout: KEEP_ALIVE_MS },
    })
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen({ port, host: where.host, backlog: BACKLOG }, () => resolve())
      })
    } catch (cause) {
      const isTaken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE'
      if (isTaken && where.next && port < where.port + 100) continue
      throw listenError({ host: where.host, port }, cause)
    }
    const address = server.address() as AddressInfo
    const name = where.host === '0.0.0.0' || where.host === '::' ? 'localhost' : where.host
    return {
      url: `http://${hostInUrl(name)}:${address.port}`,
      close: () =>
        new Promise((resolve) => {
          server.close(() => resolve())
          if ('closeAllConnections' in server) server.closeAllConnections()
        }),
    }
  }
}
