import { SweepError } from '@sweepboard/contracts'
import type { Context, Hono, MiddlewareHandler } from 'hono'

/** Methods that the path of a request takes, sorted, as `Allow` names them; empty where nothing is served at that path. */
export type AllowedMethods = (c: Context) => readonly string[]

/** Reads the routes added so far. `isPage` knows the URLs of the board, which are only asked for. */
export function allowedMethods(app: Hono, isPage: (url: string) => boolean): AllowedMethods {
  const routes = app.routes
    .filter(({ method, path }) => method !== 'ALL' && !path.endsWith('*'))
    .map(({ method, path }) => ({ method, pattern: new RegExp(`^${path.replaceAll('.', '\\.').replace(/:\w+/g, '[^/]+')}$`) }))
  return (c) => {
    const methods = new Set(routes.filter(({ pattern }) => pattern.test(c.req.path)).map(({ method }) => method))
    if (isPage(c.req.url)) methods.add('GET')
    if (methods.has('GET')) methods.add('HEAD')
    if (methods.size > 0) methods.add('OPTIONS')
    return [...methods].sort()
  }
}

/**
 * What no route answers: OPTIONS hears 204 with `Allow` (and nothing of CORS: pages of other origins may not call), a method that the path
 * does not take `SB-SERVE-012`, with `Allow` as well, and a path that nothing serves `SB-SERVE-006`.
 */
export function answerUnrouted(c: Context, allowed: AllowedMethods): Response {
  const methods = allowed(c)
  const { method } = c.req
  if (methods.length === 0 || (method !== 'OPTIONS' && methods.includes(method)))
    throw new SweepError('SB-SERVE-006', { what: 'such page' })
  const allow = methods.join(', ')
  c.header('allow', allow)
  if (method === 'OPTIONS') return c.body(null, 204)
  throw new SweepError('SB-SERVE-012', { method, allow })
}

/** Ends the body that a HEAD leaves out: nobody reads it, and what makes it (a file, the stream of events) would wait for ever. */
export const endHeadBody: MiddlewareHandler = async (c, next) => {
  await next()
  if (c.req.method === 'HEAD') await c.res.body?.cancel()
}
