import type { ServerResponse } from 'node:http'

/** What goes wrong with one request whose address fits `path`. */
export interface HubFault {
  readonly path: RegExp
  readonly host?: 'hub' | 'cdn'
  readonly fault: /** An error status, 429 with `Retry-After` where `retryAfter` is set. */
    | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string }
    /** The connection is cut after so many bytes of the body, not before `when` holds; 0 = before the headers. */
    | { readonly kind: 'drop'; readonly afterBytes: number; readonly when?: () => boolean }
    /** So many bytes come, then nothing more, and the connection stays; 0 = not even headers. */
    | { readonly kind: 'stall'; readonly afterBytes: number }
    /** The body ends early, as if it were whole. */
    | { readonly kind: 'truncate'; readonly afterBytes: number }
    /** One byte of the body is another. */
    | { readonly kind: 'corrupt' }
    /** The range is not honoured: the whole file comes with 200. */
    | { readonly kind: 'whole' }
    | { readonly kind: 'redirect'; readonly location: string }
}

/** Applies a fault; true = the request is answered, false = the usual answer follows, changed where the fault says so. */
export function applyFault({ fault }: HubFault, response: ServerResponse): boolean {
  if (fault.kind === 'status') {
    const retry = fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter }
    response.writeHead(fault.status, retry).end('{"error":"fault"}')
    return true
  }
  if (fault.kind === 'redirect') {
    response.writeHead(307, { location: fault.location }).end()
    return true
  }
  if (fault.kind === 'stall' && fault.afterBytes === 0) return true
  if (fault.kind === 'drop' && fault.afterBytes === 0) {
    response.destroy()
    return true
  }
  if (fault.kind === 'whole') delete response.req.headers.range
  else changeBody(fault, response)
  return false
}

function changeBody(fault: HubFault['fault'], response: ServerResponse): void {
  const end = response.end.bind(response) as (...body: unknown[]) => ServerResponse
  const writeHead = response.writeHead.bind(response) as (status: number, headers?: Record<string, unknown>) => ServerResponse
  if (fault.kind === 'truncate')
    response.writeHead = ((status: number, headers: Record<string, unknown> = {}) =>
      writeHead(status, { ...headers, 'content-length': fault.afterBytes })) as typeof response.writeHead
  response.end = ((body: unknown) => {
    const bytes = Buffer.from(body as Buffer)
    if (fault.kind === 'truncate') return end(bytes.subarray(0, fault.afterBytes))
    if (fault.kind === 'corrupt') bytes[0] = (bytes[0] ?? 0) ^ 1
    if (fault.kind === 'drop') response.write(bytes.subarray(0, fault.afterBytes), () => dropWhen(response, fault.when))
    else if (fault.kind === 'stall') response.write(bytes.subarray(0, fault.afterBytes))
    else end(bytes)
    return response
  }) as typeof response.end
}

const LOOK_MS = 5

function dropWhen(response: ServerResponse, when: () => boolean = () => true): void {
  if (when()) response.destroy()
  else setTimeout(() => dropWhen(response, when), LOOK_MS)
}
