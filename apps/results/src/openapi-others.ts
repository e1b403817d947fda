import { LIMIT_HEADER } from './artifact-routes.ts'

const BYTES = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }
const BEARER = [{ bearer: [] }]
const DIGEST = {
  name: 'digest',
  in: 'path',
  required: true,
  description: 'SHA-256 of the bytes',
  schema: { type: 'string', pattern: '^[0-9a-f]{64}$' },
}
const RANGE = {
  name: 'range',
  in: 'header',
  required: false,
  description: '`bytes=N-` or `bytes=N-M`: the rest of a download that broke off',
  schema: { type: 'string' },
}
const LIMIT = { [LIMIT_HEADER]: { description: 'Largest artifact taken, in bytes', schema: { type: 'integer' } } }
const refused = { $ref: '#/components/responses/error' }

/** Paths of the OpenAPI document whose bodies are not JSON, or which are not below the API: artifacts, events, the document, metrics. */
export function otherPaths(): Record<string, Record<string, unknown>> {
  return {
    '/api/v1/artifacts/{digest}': {
      head: {
        summary: 'Whether an artifact is stored; it stays for a while then',
        security: BEARER,
        parameters: [DIGEST],
        responses: { 200: { description: 'Stored', headers: LIMIT }, 404: { description: 'Not stored', headers: LIMIT } },
      },
      get: {
        summary: 'The bytes of an artifact, checked against its digest',
        security: BEARER,
        parameters: [DIGEST, RANGE],
        responses: {
          200: { description: 'The whole artifact', headers: LIMIT, content: BYTES },
          206: { description: 'The range asked for', headers: LIMIT, content: BYTES },
          416: { description: 'The range begins beyond the end' },
          default: refused,
        },
      },
      put: {
        summary: 'Store an artifact; refused unless the bytes have the digest',
        security: BEARER,
        parameters: [DIGEST],
        requestBody: { required: true, content: BYTES },
        responses: {
          200: {
            description: 'Stored',
            headers: LIMIT,
            content: {
              'application/json': { schema: { type: 'object', required: ['digest'], properties: { digest: DIGEST.schema } } },
            },
          },
          default: refused,
        },
      },
    },
    '/api/v1/events': {
      get: {
        summary:
          'Server-sent events: hello, then sweep, cells or hosts at every change, and beat; a client 1 MiB behind is cut off',
        security: BEARER,
        responses: {
          200: { description: 'A stream without end', content: { 'text/event-stream': { schema: { type: 'string' } } } },
          default: refused,
        },
      },
    },
    '/openapi.json': {
      get: {
        summary: 'This document',
        security: [],
        responses: { 200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } } },
      },
    },
    '/metrics': {
      get: {
        summary: 'Metrics in the text format of Prometheus, where the service was started with them',
        security: BEARER,
        responses: { 200: { description: 'OK', content: { 'text/plain': { schema: { type: 'string' } } } }, default: refused },
      },
    },
  }
}
