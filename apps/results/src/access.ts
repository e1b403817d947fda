import { timingSafeEqual } from 'node:crypto'
import { maySpeakFor, SweepError, sha256 } from '@sweepboard/contracts'

/** Who may call a route: everybody, holders of a read token, or of the write token (which may also read). */
export type Access = 'open' | 'read' | 'write'

export interface Tokens {
  readonly read: string | null
  readonly write: string | null
}

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '::1', '[::1]'])

/**
 * Throws `SB-SERVE-001` when a service would listen beyond loopback without a write token, `SB-SERVE-010` for a token that no header can
 * carry: an empty one would be everybody's, one with white space nobody's.
 */
export function assertSafeToListen(host: string, tokens: Tokens): void {
  for (const [name, token] of Object.entries(tokens)) assertFitsHeader(name, token)
  if (!LOOPBACK.has(host) && tokens.write === null) throw new SweepError('SB-SERVE-001', { host })
}

/** The same of a process that serves its metrics and nothing else: `SB-SERVE-013` beyond loopback without a token, `SB-SERVE-010`. */
export function assertSafeMetrics(host: string, token: string | null): void {
  assertFitsHeader('metrics', token)
  if (!LOOPBACK.has(host) && token === null) throw new SweepError('SB-SERVE-013', { host })
}

function assertFitsHeader(name: string, token: string | null): void {
  if (token !== null && !/^[\x21-\x7e]+$/.test(token)) throw new SweepError('SB-SERVE-010', { token: name })
}

function equalTokens(given: string, wanted: string): boolean {
  return given !== '' && timingSafeEqual(Buffer.from(sha256(given)), Buffer.from(sha256(wanted)))
}

/** The token of an Authorization header; the scheme's name in any case, as RFC 9110 has it. Empty where there is none. */
function bearerOf(authorization: string | undefined): string {
  return /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? ''
}

/** Whether an Authorization header holds this token. */
export function isBearer(authorization: string | undefined, token: string): boolean {
  return equalTokens(bearerOf(authorization), token)
}

export interface Caller {
  readonly authorization: string | undefined
  readonly host: string | undefined
  readonly origin: string | undefined
}

/**
 * Throws `SB-SERVE-002` unless the caller may use a route of this access. Without tokens the service is a loopback one:
 * then the Host header must be a loopback name (DNS rebinding) and a browser's Origin must be that same host (CSRF).
 */
export function assertAccess(access: Access, tokens: Tokens, caller: Caller): void {
  if (access === 'open') return
  if (tokens.write === null && tokens.read === null) {
    const name = caller.host?.replace(/:\d+$/, '')
    const isOwnOrigin = caller.origin === undefined || caller.origin === `http://${caller.host}`
    if (name !== undefined && LOOPBACK.has(name) && isOwnOrigin) return
    throw new SweepError('SB-SERVE-002', { token: 'write' })
  }
  const given = bearerOf(caller.authorization)
  const isWriter = tokens.write !== null && equalTokens(given, tokens.write)
  const isReader = isWriter || (tokens.read === null ? access === 'read' : equalTokens(given, tokens.read))
  if (access === 'write' ? !isWriter : !isReader) throw new SweepError('SB-SERVE-002', { token: access })
}

/** Throws `SB-SERVE-009` where a call is said in a host's name without its secret; a call in nobody's name is anybody's. */
export function assertSpeaker(host: string | undefined, secret: string | undefined): void {
  if (host !== undefined && !maySpeakFor(host, secret)) throw new SweepError('SB-SERVE-009', { host })
}
