import { HOST_SECRET } from '@sweepboard/contracts'
import { z } from 'zod'
import { otherPaths } from './openapi-others.ts'
import type { Route } from './route.ts'
import { ROUTES } from './routes.ts'

const TEXT = { type: 'string' }
/** What every route answers when it does not do what it was asked. */
const ERROR = {
  type: 'object',
  required: ['code', 'kind', 'message', 'fix'],
  properties: {
    code: { type: 'string', description: 'SB-AREA-NUMBER, see docs/errors.md' },
    kind: TEXT,
    message: TEXT,
    fix: TEXT,
    mistakes: { type: 'array', description: 'Everything that is wrong with what was sent', items: { type: 'object' } },
  },
}

/** OpenAPI 3.1: the JSON routes, made from the same table and schemas the service runs, and those that are not JSON. */
export function openApiDocument(version: string): unknown {
  const paths: Record<string, Record<string, unknown>> = { ...otherPaths() }
  for (const route of ROUTES) {
    const path = `/api/v1${route.path.replace(/:(\w+)/g, '{$1}')}`
    const parameters = parametersOf(route)
    paths[path] ??= {}
    paths[path][route.method.toLowerCase()] = {
      summary: route.summary,
      security: route.access === 'open' ? [] : [{ bearer: [] }],
      ...(parameters.length > 0 ? { parameters } : {}),
      ...(route.body
        ? { requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(route.body) } } } }
        : {}),
      responses: {
        200: {
          description: 'OK',
          ...(route.answer ? { content: { 'application/json': { schema: jsonSchema(route.answer) } } } : {}),
        },
        default: { $ref: '#/components/responses/error' },
      },
    }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'sweepboard results service', version },
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      responses: { error: { description: 'Refused or failed', content: { 'application/json': { schema: ERROR } } } },
    },
    paths,
  }
}

function parametersOf({ path, query = {}, speaker }: Route): object[] {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: TEXT }))
  const inQuery = Object.entries(query).map(([name, { about, isRequired = false, isList = false }]) => ({
    name,
    in: 'query',
    required: isRequired,
    description: about,
    schema: isList ? { type: 'array', items: TEXT } : TEXT,
  }))
  const secret = {
    name: HOST_SECRET,
    in: 'header',
    required: false,
    description: 'Secret of the host that speaks; a host whose id begins with k is believed only with it',
    schema: TEXT,
  }
  return [...inPath, ...inQuery, ...(speaker === undefined ? [] : [secret])]
}

function jsonSchema(schema: z.ZodType): unknown {
  return z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' })
}
