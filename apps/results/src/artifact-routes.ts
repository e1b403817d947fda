import { ReadableStream as NodeStream } from 'node:stream/web'
import { isDigest, SweepError } from '@sweepboard/contracts'
import type { Context, Hono, MiddlewareHandler } from 'hono'
import type { Access } from './access.ts'
import type { Service } from './service.ts'

export interface ArtifactRouteOptions {
  readonly allow: (access: Access) => MiddlewareHandler
  /** Largest artifact accepted, in bytes; told in every answer about one, so that nobody sends more than will be taken. */
  readonly limitBytes: number
}

/** Header of the largest artifact accepted. */
export const LIMIT_HEADER = 'x-sweepboard-max-artifact'

/**
 * HEAD, GET and PUT of artifacts by digest. Bytes go through in pieces: nothing is held whole in memory, and between two pieces others are
 * answered. A GET may ask for the rest of a file (`Range: bytes=N-`), so that a download that broke off goes on.
 */
export function addArtifactRoutes(app: Hono, service: Service, { allow, limitBytes }: ArtifactRouteOptions): void {
  const path = '/api/v1/artifacts/:digest'
  app.on(['GET', 'HEAD'], path, allow('read'), async (c) => {
    const digest = digestOf(c)
    c.header(LIMIT_HEADER, String(limitBytes))
    if (c.req.method === 'HEAD') return c.body(null, (await service.has(digest)) ? 200 : 404)
    const file = await service.store.openChecked(digest)
    const range = readRange(c.req.header('range'), file.bytes)
    c.header('content-type', 'application/octet-stream')
    c.header('etag', `"${digest}"`)
    c.header('cache-control', 'private, immutable, max-age=31536000')
    c.header('accept-ranges', 'bytes')
    if (range === 'beyond') return c.body(null, 416, { 'content-range': `bytes */${file.bytes}` })
    const { start, end } = range ?? { start: 0, end: file.bytes }
    c.header('content-length', String(end - start))
    if (range !== null) c.header('content-range', `bytes ${start}-${end - 1}/${file.bytes}`)
    return c.body(NodeStream.from(file.read(start, end)) as ReadableStream, range === null ? 200 : 206)
  })
  app.put(path, allow('write'), async (c) => {
    const digest = digestOf(c)
    c.header(LIMIT_HEADER, String(limitBytes))
    const announced = c.req.header('content-length')
    const announcedBytes = announced === undefined ? null : Number(announced)
    await service.putStream(c.req.raw.body ?? [], { digest, limitBytes, announcedBytes })
    return c.json({ digest })
  })
}

function digestOf(c: Context): string {
  const digest = c.req.param('digest') ?? ''
  if (!isDigest(digest)) throw new SweepError('SB-SERVE-006', { what: 'artifact of that name' })
  return digest
}

/** One range of bytes, `end` exclusive; null where none is asked for, or in a form that is not ours: the whole file is right then, too. */
function readRange(header: string | undefined, bytes: number): { start: number; end: number } | 'beyond' | null {
  const [, first, last] = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(header ?? '') ?? []
  if (first === undefined) return null
  const start = Number(first)
  const end = last ? Math.min(Number(last) + 1, bytes) : bytes
  return start >= bytes || end <= start ? 'beyond' : { start, end }
}
