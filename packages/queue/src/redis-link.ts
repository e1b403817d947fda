import { SweepError } from '@sweepboard/contracts'
import { redactedUrl } from './redis-url.ts'

/** How the far end of a TLS connection is judged, and what is shown to it. All texts are PEM. */
export interface RedisTls {
  /** Authorities trusted beside nobody else; absent: those that Node trusts. */
  readonly ca?: string | undefined
  /** Certificate and key of this client, where the server asks for one. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** Name wanted in the server's certificate; absent: the host of the URL. */
  readonly serverName?: string | undefined
  /** False takes any name of a certificate that a trusted authority signed. Default true. */
  readonly checkName?: boolean | undefined
}

/** Where a Redis is and how to get in. */
export interface RedisLink {
  /** redis://, rediss:// (TLS) or unix:/path; may hold user and password, which are never printed. */
  readonly url: string
  /** For rediss:// only. */
  readonly tls?: RedisTls | undefined
}

/** Options of `tls.connect` for a link; undefined where it speaks no TLS. */
export function tlsOptions({ url, tls = {} }: RedisLink): Record<string, unknown> | undefined {
  const parsed = new URL(url)
  if (parsed.protocol !== 'rediss:') return undefined
  const host = tls.serverName ?? parsed.hostname.replace(/^\[|\]$/g, '')
  return {
    ...(tls.ca ? { ca: tls.ca } : {}),
    ...(tls.cert ? { cert: tls.cert } : {}),
    ...(tls.key ? { key: tls.key } : {}),
    // An address is no server name in TLS, yet its certificate is still judged by it.
    ...(isAddress(host) ? { host } : { servername: host }),
    ...(tls.checkName === false ? { checkServerIdentity: () => undefined } : {}),
    rejectUnauthorized: true,
  }
}

/**
 * A URL with a login put into it, percent-encoded: how a password from a file or the environment gets to where only URLs go.
 * Throws `SB-QUEUE-004` for what is no Redis URL.
 */
export function withLogin(url: string, login: { user?: string | undefined; password?: string | undefined }): string {
  const parsed = URL.parse(url)
  if (parsed === null) throw new SweepError('SB-QUEUE-004', { url: redactedUrl(url) })
  const { user = decodeURIComponent(parsed.username), password = decodeURIComponent(parsed.password) } = login
  if (user === '' && password === '') return url
  const name = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`
  // A unix: URL has no authority to hold a login: it stands in the query, as `readLogin` reads it.
  if (parsed.protocol === 'unix:')
    return `unix:${parsed.pathname}?${new URLSearchParams({ ...(user ? { user } : {}), password })}`
  return url.replace(/^(rediss?:\/\/)(?:[^@/]*@)?/, (_, scheme) => `${scheme}${name}@`)
}

/** User and password of a Redis URL, decoded; absent where it holds none. */
export function readLogin(url: string): { username?: string; password?: string } {
  const parsed = new URL(url)
  const query = parsed.protocol === 'unix:' ? parsed.searchParams : new URLSearchParams()
  const username = decodeURIComponent(parsed.username) || query.get('user') || ''
  const password = decodeURIComponent(parsed.password) || query.get('password') || ''
  return { ...(username ? { username } : {}), ...(password ? { password } : {}) }
}

function isAddress(host: string): boolean {
  return /^\d+(\.\d+){3}$/.test(host) || host.includes(':')
}
