import type { z } from 'zod'
import type { Access } from './access.ts'
import type { Service } from './service.ts'

/** One parameter of a query. */
export interface QueryParameter {
  readonly about: string
  readonly isRequired?: boolean
  /** May be given several times. */
  readonly isList?: boolean
}

/** One JSON route: its access, its checked body, and what it does. The OpenAPI document is made from this table. */
export interface Route {
  readonly method: 'GET' | 'POST'
  /** Hono path below `/api/v1`. */
  readonly path: string
  readonly access: Access
  readonly summary: string
  readonly query?: Readonly<Record<string, QueryParameter>>
  readonly body?: z.ZodType
  readonly answer?: z.ZodType
  /** The host that speaks: only who knows its secret may. */
  readonly speaker?: (request: Pick<RouteRequest, 'params' | 'body'>) => string
  /** Entity tag of what it answers at this moment: a client that has it hears 304. */
  readonly tag?: (service: Service) => string
  readonly run: (service: Service, request: RouteRequest) => unknown
}

/** An answer that is JSON already. */
export class JsonText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export interface RouteRequest {
  readonly params: Readonly<Record<string, string>>
  /** Every value of each parameter, in order. */
  readonly queries: Readonly<Record<string, readonly string[]>>
  readonly body: unknown
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal
}

export function route<Body extends z.ZodType>(
  given: Omit<Route, 'body' | 'run'> & {
    body?: Body
    run: (service: Service, body: z.infer<Body>, request: RouteRequest) => unknown
  },
): Route {
  return { ...given, run: (service, request) => given.run(service, request.body as z.infer<Body>, request) }
}
