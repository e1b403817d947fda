import { createReadStream, existsSync } from 'node:fs'
import { extname, join, normalize, sep } from 'node:path'
import { Readable } from 'node:stream'
import { type ErrorCode, HOST_SECRET, HTTP_STATUS, SweepError, toSweepError } from '@sweepboard/contracts'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { matchedRoutes } from 'hono/route'
import { type Access, assertAccess, assertSpeaker, isBearer, type Tokens } from './access.ts'
import { allowedMethods, answerUnrouted, endHeadBody } from './allowed-methods.ts'
import { addArtifactRoutes } from './artifact-routes.ts'
import { addEventRoute } from './event-stream.ts'
import type { ServiceMetrics } from './metrics-service.ts'
import { openApiDocument } from './openapi.ts'
import { JsonText, type Route } from './route.ts'
import { ROUTES } from './routes.ts'
import type { Service } from './service.ts'

export interface AppOptions {
  readonly tokens: Tokens
  /** Shown at `/metrics` where given; to holders of the read token, or of this token where there is one. */
  readonly metrics?: { readonly of: ServiceMetrics; readonly token: string | null } | undefined
  /** Folder of the built board; null serves the API alone. */
  readonly webFolder: string | null
  /** Largest JSON body and largest artifact accepted, in bytes. */
  readonly bodyLimitBytes: number
  readonly artifactLimitBytes: number
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
}
/** Where HTTP has a status of its own for what the kind alone would call 422. */
const STATUS_OF_CODE: Readonly<Partial<Record<ErrorCode, number>>> = {
  'SB-SERVE-002': 401,
  'SB-SERVE-005': 400,
  'SB-SERVE-009': 403,
  'SB-SERVE-007': 413,
  'SB-SERVE-012': 405,
  'SB-ART-003': 413,
  'SB-ART-004': 507,
}
const PAGE_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"

/** The service's HTTP face: the JSON routes of `ROUTES`, artifacts by digest, server-sent events, and the board's files. */
export function createApp(service: Service, options: AppOptions): Hono {
  const app = new Hono()
  const guard = (access: Access, c: Context) =>
    assertAccess(access, options.tokens, {
      authorization: c.req.header('authorization'),
      host: c.req.header('host'),
      origin: c.req.header('origin'),
    })
  /** Runs before a body is read: the limit holds a body in memory, which only a caller with the token may ask for. */
  const allow =
    (access: Access): MiddlewareHandler =>
    (c, next) => {
      guard(access, c)
      return next()
    }
  app.onError((thrown, c) => {
    const error = toSweepError(thrown)
    // A client that leaves in the middle of its request is nobody's bug.
    if (error.kind === 'bug' && !c.req.raw.signal.aborted)
      service.log({ level: 'error', message: error.message, stack: error.stack ?? '' })
    const status = STATUS_OF_CODE[error.code] ?? HTTP_STATUS[error.kind]
    if (status === 401) c.header('www-authenticate', 'Bearer')
    return c.json(
      { code: error.code, kind: error.kind, message: error.message, fix: error.fix, mistakes: error.mistakes },
      status as 400,
    )
  })
  // An answer is what its content type says, for the API's as for the board's files.
  app.use(async (c, next) => {
    await next()
    c.header('x-content-type-options', 'nosniff')
    c.header('referrer-policy', 'no-referrer')
  })
  app.use(endHeadBody)
  if (options.metrics) addMetrics(app, { ...options.metrics, allow })
  for (const route of ROUTES) {
    const limit = bodyLimit({
      maxSize: options.bodyLimitBytes,
      onError: () => {
        throw new SweepError('SB-SERVE-007', { limitBytes: options.bodyLimitBytes })
      },
    })
    app.on(route.method, `/api/v1${route.path}`, allow(route.access), limit, async (c) => {
      const tag = route.tag?.(service)
      const tagged: Record<string, string> = tag === undefined ? {} : { etag: tag, 'cache-control': 'private, no-cache' }
      if (tag !== undefined && isNamed(tag, c.req.header('if-none-match'))) return c.body(null, 304, tagged)
      const body = await readBody(route, c)
      const params = c.req.param() as Record<string, string>
      assertSpeaker(route.speaker?.({ params, body }), c.req.header(HOST_SECRET))
      const answer = await route.run(service, {
        params,
        queries: c.req.queries(),
        body,
        signal: c.req.raw.signal,
      })
      options.metrics?.of.ran(route.path, body, answer)
      if (answer instanceof JsonText) return c.body(answer.text, 200, { 'content-type': 'application/json', ...tagged })
      return c.json(answer as object, 200, tagged)
    })
  }
  app.get('/openapi.json', (c) => c.json(openApiDocument(service.version) as object))
  addArtifactRoutes(app, service, { allow, limitBytes: options.artifactLimitBytes })
  addEventRoute(app, service.events, allow('read'))
  const pageOf = options.webFolder === null ? () => null : pagesOf(options.webFolder)
  const allowed = allowedMethods(app, (url) => pageOf(url) !== null)
  app.get('/*', (c, next) => {
    const page = pageOf(c.req.url)
    return page === null ? next() : page()
  })
  app.all('*', (c) => answerUnrouted(c, allowed))
  return app
}

/** Whether `If-None-Match` names a tag, weakly: a proxy that packs answers makes the tags it passes on weak. */
function isNamed(tag: string, header: string | undefined): boolean {
  return header?.split(',').some((name) => name.trim().replace(/^W\//, '') === tag) === true
}

/** `/metrics`, and the seconds of every request under the name of its route. */
function addMetrics(
  app: Hono,
  metrics: { of: ServiceMetrics; token: string | null; allow: (access: Access) => MiddlewareHandler },
): void {
  app.use(async (c, next) => {
    const from = performance.now()
    let status = 500 // of what throws past here, which no answer could be made of
    try {
      await next()
      status = c.res.status
    } finally {
      const found = matchedRoutes(c).findLast(({ path }) => path !== '*' && path !== '/*')
      const seconds = (performance.now() - from) / 1000
      metrics.of.answered({ method: c.req.method, route: found?.path ?? 'other', status, seconds })
    }
  })
  const read = metrics.allow('read')
  app.get(
    '/metrics',
    (c, next) => (metrics.token !== null && isBearer(c.req.header('authorization'), metrics.token) ? next() : read(c, next)),
    async (c) => c.body(await metrics.of.text(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }),
  )
}

async function readBody(route: Route, c: Context): Promise<unknown> {
  if (!route.body) return undefined
  const text = await c.req.text()
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch (cause) {
    throw new SweepError('SB-SERVE-005', { message: 'the body is not JSON' }, { cause })
  }
  const parsed = route.body.safeParse(raw)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const place = issue?.path.map(String).join('.') || 'the body'
  throw new SweepError('SB-SERVE-005', { message: `${place}: ${issue?.message ?? 'wrong form'}` })
}

/** Path of a URL, decoded; null where its escapes are no UTF-8 or hide a NUL. */
function readPath(url: string): string | null {
  try {
    const path = decodeURIComponent(new URL(url).pathname)
    return path.includes('\0') ? null : normalize(path)
  } catch {
    return null // such a page cannot be
  }
}

/** Knows the board's files: what answers with the one at a URL, null where there is none. */
function pagesOf(folder: string): (url: string) => (() => Response) | null {
  return (url) => {
    const path = readPath(url)
    // A client that asks for a route of another version must hear 404, not be handed the page.
    if (path === null || path.startsWith('/api/')) return null
    const file = extname(path) ? join(folder, path) : join(folder, 'index.html')
    if (!file.startsWith(folder + sep) || !existsSync(file)) return null
    const headers = {
      'content-type': CONTENT_TYPES[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': PAGE_POLICY,
      'cache-control': path.startsWith('/assets/') ? 'public, immutable, max-age=31536000' : 'no-cache',
    }
    return () => new Response(Readable.toWeb(createReadStream(file)) as ReadableStream, { headers })
  }
}
