import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { applyFault, type HubFault } from './stub-hub-fault.ts'

/** A dataset repository at one commit. */
export interface StubRepo {
  /** 40 hex digits. */
  readonly commit: string
  readonly files: Readonly<Record<string, string | Uint8Array>>
  /** 401 without the token, 403 while `isRefused`. */
  readonly token?: string
  readonly isRefused?: boolean
}

export interface StubHubOptions {
  readonly repos: Readonly<Record<string, StubRepo>>
  /** Files of at least so many bytes are large ones, served by redirect from the second server. 1,024 by default. */
  readonly largeBytes?: number
  /** Entries of one page of a file listing. */
  readonly pageSize?: number
}

export interface HubRequest {
  readonly host: 'hub' | 'cdn'
  readonly method: string
  readonly path: string
  readonly range: string | undefined
  readonly authorization: string | undefined
}

export interface StubHub {
  readonly url: string
  readonly cdnUrl: string
  readonly requests: readonly HubRequest[]
  /** Faults wait here; each is used by the first request it fits, once. */
  readonly faults: HubFault[]
  readonly close: () => Promise<void>
}

/**
 * A server on 127.0.0.1 that speaks the part of the Hugging Face hub's API a data set is read by: `/api/datasets/*` for
 * revision and tree (paged by `Link`), `/datasets/*\/resolve/*` with ETags and ranges, and a second port that large files
 * are redirected to with the signature in the address, as its CDN does. Errors carry the hub's `X-Error-Code`.
 */
export async function startStubHub(options: StubHubOptions): Promise<StubHub> {
  const requests: HubRequest[] = []
  const faults: HubFault[] = []
  const serve = (host: HubRequest['host'], answer: (request: IncomingMessage, response: ServerResponse) => void) =>
    listen((request, response) => {
      const { method = 'GET', url = '/', headers } = request
      requests.push({ host, method, path: url, range: headers.range, authorization: headers.authorization })
      const at = faults.findIndex((fault) => fault.path.test(url) && (fault.host ?? host) === host)
      const fault = at < 0 ? undefined : faults.splice(at, 1)[0]
      if (fault === undefined || !applyFault(fault, response)) answer(request, response)
    })
  const blobs = new Map(Object.values(options.repos).flatMap(({ files }) => Object.values(files).map((file) => blobOf(file))))
  const cdn = await serve('cdn', (request, response) => {
    const bytes = blobs.get(/^\/cas\/([0-9a-f]{64})\?signature=/.exec(request.url ?? '')?.[1] ?? '')
    if (bytes === undefined || request.headers.authorization !== undefined) fail(response, 400, 'BadSignature')
    else sendBytes(request, response, bytes)
  })
  const cdnUrl = urlOf(cdn)
  const hub = await serve('hub', (request, response) => answerHub({ request, response, options, cdnUrl }))
  const close = async () => {
    await Promise.all([hub, cdn].map((server) => closeServer(server)))
  }
  return { url: urlOf(hub), cdnUrl, requests, faults, close }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly options: StubHubOptions
  readonly cdnUrl: string
}

function answerHub(exchange: Exchange): void {
  const { request, response, options } = exchange
  const url = new URL(request.url ?? '/', 'http://hub')
  const found = /^(\/api)?\/datasets\/([^/]+\/[^/]+)\/(revision|tree|resolve)\/([^/]+)(?:\/(.*))?$/.exec(url.pathname)
  const [, , name = '', action, revision = '', path = ''] = found ?? []
  const repo = options.repos[name]
  const refused = refusal(repo, { revision, authorization: request.headers.authorization })
  if (repo === undefined || refused !== null) fail(response, ...(refused ?? [404, 'RepoNotFound']))
  else if (action === 'revision') sendJson(response, { id: name, sha: repo.commit })
  else if (action === 'tree') sendTree(exchange, repo, url)
  else sendFile(exchange, repo, decodeURIComponent(path))
}

/** Status and `X-Error-Code` the hub refuses with; a repository it does not have is 401 to a stranger. */
function refusal(
  repo: StubRepo | undefined,
  { revision, authorization }: { revision: string; authorization: string | undefined },
): [number, string] | null {
  if (repo === undefined) return [authorization ? 404 : 401, 'RepoNotFound']
  if (repo.token !== undefined && authorization !== `Bearer ${repo.token}`) return [401, 'GatedRepo']
  if (repo.isRefused) return [403, 'GatedRepo']
  return revision === repo.commit || revision === 'main' ? null : [404, 'RevisionNotFound']
}

const isLarge = (bytes: Buffer, { largeBytes = 1024 }: StubHubOptions) => bytes.length >= largeBytes
const asBuffer = (file: string | Uint8Array) => Buffer.from(file as Uint8Array)
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const gitBlob = (bytes: Buffer) => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
const blobOf = (file: string | Uint8Array): [string, Buffer] => [sha256(asBuffer(file)), asBuffer(file)]

function sendTree({ response, options }: Exchange, repo: StubRepo, url: URL): void {
  const { pageSize = 1000 } = options
  const start = Number(url.searchParams.get('cursor') ?? 0)
  const entries = Object.entries(repo.files).map(([path, file]) => {
    const bytes = asBuffer(file)
    const lfs = isLarge(bytes, options) ? { lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 130 } } : {}
    return { type: 'file', oid: gitBlob(bytes), size: bytes.length, path, ...lfs }
  })
  const folders = [...new Set(entries.flatMap(({ path }) => (path.includes('/') ? [path.slice(0, path.lastIndexOf('/'))] : [])))]
  const all = [...folders.map((path) => ({ type: 'directory', oid: '0'.repeat(40), size: 0, path })), ...entries]
  const next = new URL(url)
  next.searchParams.set('cursor', String(start + pageSize))
  next.host = response.req.headers.host ?? ''
  if (start + pageSize < all.length) response.setHeader('link', `<${next}>; rel="next"`)
  sendJson(response, all.slice(start, start + pageSize))
}

function sendFile({ request, response, options, cdnUrl }: Exchange, repo: StubRepo, path: string): void {
  const file = Object.hasOwn(repo.files, path) ? repo.files[path] : undefined
  const bytes = asBuffer(file ?? '')
  response.setHeader('x-repo-commit', repo.commit)
  if (file === undefined) fail(response, 404, 'EntryNotFound')
  else if (!isLarge(bytes, options)) {
    response.setHeader('etag', `"${gitBlob(bytes)}"`)
    sendBytes(request, response, bytes)
  } else {
    response.setHeader('x-linked-etag', `"${sha256(bytes)}"`)
    response.setHeader('x-linked-size', bytes.length)
    response.writeHead(302, { location: `${cdnUrl}/cas/${sha256(bytes)}?signature=s3cret` }).end()
  }
}

function sendBytes(request: IncomingMessage, response: ServerResponse, bytes: Buffer): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? Number.NaN)
  response.setHeader('accept-ranges', 'bytes')
  if (Number.isNaN(start)) {
    response.writeHead(200, { 'content-length': bytes.length })
    response.end(bytes)
  } else if (start >= bytes.length) {
    response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end()
  } else {
    const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`
    response.writeHead(206, { 'content-length': bytes.length - start, 'content-range': range })
    response.end(bytes.subarray(start))
  }
}

function sendJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function fail(response: ServerResponse, status: number, code: string): void {
  const headers = { 'x-error-code': code, 'x-error-message': `${code} says the stub`, 'content-type': 'application/json' }
  response.writeHead(status, headers).end(JSON.stringify({ error: code }))
}

function listen(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> {
  const server = createServer(answer)
  return new Promise((settle, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => settle(server))
  })
}

const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((settle) => server.close(() => settle()))
}
