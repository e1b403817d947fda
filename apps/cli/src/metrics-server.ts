import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { assertSafeMetrics, hostInUrl, isBearer, listenError } from '@sweepboard/results'

export interface MetricsServer {
  readonly url: string
  close(): Promise<void>
}

/**
 * Serves `GET /metrics` and nothing else. Throws as `assertSafeMetrics` and `listenError` do.
 */
export async function serveMetrics(
  read: () => Promise<string>,
  where: { readonly host: string; readonly port: number; readonly token: string | null },
): Promise<MetricsServer> {
  assertSafeMetrics(where.host, where.token)
  const server = createServer(async (request, response) => {
    const isMetrics = request.method === 'GET' && request.url?.split('?')[0] === '/metrics'
    if (!isMetrics) return response.writeHead(404).end()
    if (where.token !== null && !isBearer(request.headers.authorization, where.token)) return response.writeHead(401).end()
    const text = await read().catch(() => null)
    if (text === null) return response.writeHead(500).end()
    return response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(listenError(where, cause)))
    server.listen(where.port, where.host, resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${hostInUrl(where.host)}:${port}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
