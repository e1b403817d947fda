import { setTimeout as wait } from 'node:timers/promises'
import { SweepError } from '@sweepboard/contracts'
import { bodyText } from './hub-body.ts'
import { type HubSettings, STALL_MS } from './hub-settings.ts'

const ATTEMPTS = 6
const REDIRECTS = 8
/** The hub may ask for longer; a sweep then says so instead of standing still. */
const LONGEST_WAIT_MS = 60_000
/** A connection kept open from before may be dead: the first of these may say nothing of the hub. */
const ATTEMPTS_WHILE_AWAY = 2
/** How long a hub that gave no answer to all attempts is asked so few times only: a task of many subsets would wait out the pauses for each. */
const AWAY_MS = 60_000
/** Endpoint -> until when it counts as away, by this process's monotonic clock. */
const away = new Map<string, number>()

/** What is asked for, for the words of a refusal. */
export interface HubSubject {
  readonly repo: string
  readonly revision: string
  /** e.g. `file qrels/test.tsv`. */
  readonly what: string
}

/** `SB-TASK-013` where the hub gave no answer at all: connections refused or broken, names not found, time-outs, 5xx to the last attempt. */
export class HubUnreached extends SweepError {
  readonly reason: string

  constructor({ repo, what }: HubSubject, reason: string) {
    super('SB-TASK-013', { repo, what, message: reason })
    this.reason = reason
  }

  /** The same refusal where the cache was looked in instead and lacks something, which is its cause. */
  withCause(lack: SweepError): SweepError {
    const { what, cache } = lack.details
    return new SweepError(
      'SB-TASK-013',
      { ...this.details, message: `${this.reason}; nor is ${what} in the cache ${cache}` },
      { cause: lack },
    )
  }
}

/** A request or body without an end: nothing that the hub said. */
class Unanswered extends Error {}

/**
 * A GET that may be repeated. Redirects are followed by hand: the token goes only to the endpoint's own origin, never to
 * the host a file is redirected to. 429 waits as long as `Retry-After` says (up to a minute), 5xx, time-outs and broken
 * connections wait `retryMs`, doubled each time; six attempts in all, two only where six had no answer within the last minute.
 * @throws SweepError `SB-TASK-013` without an answer or after the last attempt (`HubUnreached` where it gave none); `SB-TASK-014` 401,
 *   403; `SB-TASK-015` 404
 */
export function hubGet(
  url: string,
  settings: HubSettings,
  subject: HubSubject,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return attempts({ url, settings, subject, headers }, (response) => Promise.resolve(response))
}

/** As `hubGet`, with its JSON (null when it is none) and the address of the next page; a body that breaks off is asked for again. */
export function hubJson(
  url: string,
  settings: HubSettings,
  subject: HubSubject,
): Promise<{ json: unknown; next: string | null }> {
  return attempts({ url, settings, subject, headers: {} }, async (response) => {
    const text = await bodyText(response, settings.stallMs ?? STALL_MS).catch(unanswered)
    return { json: parse(text), next: /<([^>]+)>;\s*rel="next"/.exec(response.headers.get('link') ?? '')?.[1] ?? null }
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

interface HubCall {
  readonly url: string
  readonly settings: HubSettings
  readonly subject: HubSubject
  readonly headers: Readonly<Record<string, string>>
}

async function attempts<T>({ url, settings, subject, headers }: HubCall, take: (response: Response) => Promise<T>): Promise<T> {
  refuseSettings(settings, subject)
  let reason = ''
  let isReached = false
  const most = performance.now() < (away.get(settings.endpoint) ?? 0) ? ATTEMPTS_WHILE_AWAY : ATTEMPTS
  for (let attempt = 0; attempt < most; attempt += 1) {
    let pause = (settings.retryMs ?? 500) * 2 ** attempt
    try {
      const response = await follow(url, settings, headers)
      if (response.ok || response.status === 416) {
        const taken = await take(response)
        away.delete(settings.endpoint)
        return taken
      }
      await response.body?.cancel()
      if (!isTransient(response.status)) throw refusal(response, subject)
      reason = `status ${response.status}`
      isReached = response.status === 429
      pause = retryAfter(response.headers.get('retry-after')) ?? pause
      if (pause > LONGEST_WAIT_MS) {
        reason = `it asks to wait ${Math.ceil(pause / 1000)} s`
        break
      }
    } catch (thrown) {
      if (thrown instanceof SweepError) throw thrown
      reason = networkReason(thrown)
      isReached = !(thrown instanceof Unanswered)
    }
    if (attempt < most - 1) await wait(pause)
  }
  if (!isReached) {
    if (most === ATTEMPTS) away.set(settings.endpoint, performance.now() + AWAY_MS)
    throw new HubUnreached(subject, reason)
  }
  throw new SweepError('SB-TASK-013', { repo: subject.repo, what: subject.what, message: reason })
}

/** What no repeat mends. The words of `fetch` about a header it cannot send would show the token. */
function refuseSettings({ endpoint, token }: HubSettings, { repo, what }: HubSubject): void {
  if (!URL.canParse(endpoint)) throw new SweepError('SB-TASK-013', { repo, what, message: 'the endpoint is no address' })
  if (token !== null && !/^[\x21-\x7e]+$/.test(token))
    throw new SweepError('SB-TASK-014', {
      repo,
      status: 'not asked',
      message: 'the token holds blanks or other signs no token has',
    })
}

const isTransient = (status: number) => status === 408 || status === 429 || status >= 500

async function follow(url: string, settings: HubSettings, headers: Readonly<Record<string, string>>): Promise<Response> {
  let at = new URL(url)
  const home = new URL(settings.endpoint).origin
  for (let hops = 0; hops <= REDIRECTS; hops += 1) {
    const token = settings.token !== null && at.origin === home ? { authorization: `Bearer ${settings.token}` } : {}
    const response = await ask(at, { ...headers, ...token }, settings.stallMs ?? STALL_MS)
    const location = response.headers.get('location')
    if (response.status < 300 || response.status >= 400 || location === null) return response
    await response.body?.cancel()
    at = new URL(location, at)
  }
  throw new Error(`more than ${REDIRECTS} redirects`)
}

/** One request; the deadline is for its answer's headers, a body has its own. */
async function ask(url: URL, headers: Readonly<Record<string, string>>, stallMs: number): Promise<Response> {
  const control = new AbortController()
  const timer = setTimeout(() => control.abort(new Error(`no answer within ${stallMs} ms`)), stallMs)
  try {
    return await fetch(url, { redirect: 'manual', headers, signal: control.signal }).catch(unanswered)
  } finally {
    clearTimeout(timer)
  }
}

function unanswered(thrown: unknown): never {
  throw new Unanswered(networkReason(thrown))
}

function refusal(response: Response, { repo, revision, what }: HubSubject): SweepError {
  const code = response.headers.get('x-error-code')
  const { status } = response
  // The hub answers 401 for a repository it does not have when no token is given.
  if (code === 'RepoNotFound') return new SweepError('SB-TASK-015', { repo, revision, what: 'such data set' })
  if (code === 'RevisionNotFound') return new SweepError('SB-TASK-015', { repo, revision, what: 'such revision' })
  if (status === 404) return new SweepError('SB-TASK-015', { repo, revision, what })
  const message = response.headers.get('x-error-message') ?? code ?? what
  if (status === 401 || status === 403) return new SweepError('SB-TASK-014', { repo, status, message: message.slice(0, 300) })
  return new SweepError('SB-TASK-013', { repo, what, message: `status ${status}: ${message.slice(0, 300)}` })
}

/** Milliseconds of a `Retry-After` header: seconds, or a date. */
function retryAfter(header: string | null): number | null {
  if (header === null) return null
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000
  const date = Date.parse(header)
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now())
}

/** In words why a request or its body broke off; never the address, which may be signed. */
export function networkReason(thrown: unknown): string {
  const { message, cause } = thrown as Error & { cause?: { code?: string; message?: string } }
  return cause?.code ?? cause?.message ?? message
}
