import {
  BeatAnswer,
  ClaimAnswer,
  CommitAnswer,
  ERRORS,
  type ErrorCode,
  HOST_SECRET,
  HostCall,
  JoinAnswer,
  type ServiceLink,
  SweepError,
} from '@sweepboard/contracts'

export interface ClientOptions {
  readonly url: string
  readonly token: string | null
  /** A call that takes longer fails with `SB-SERVE-004`. */
  readonly timeoutMs?: number
}

/** Calls of the service over HTTP; coded errors of the service come out as the same coded errors here. */
export class ServiceClient {
  readonly #url: string
  readonly #token: string | null
  readonly #timeoutMs: number
  #hostSecret: string | null = null

  /** @throws SweepError `SB-SERVE-008` for what is no http address, or holds a login, which `fetch` takes from nobody: waiting for it would never end */
  constructor({ url, token, timeoutMs = 30_000 }: ClientOptions) {
    if (!isServiceAddress(url)) throw new SweepError('SB-SERVE-008', { url: url.replace(/^(\w+:\/\/)[^@/]*@/, '$1***@') })
    this.#url = url.replace(/\/+$/, '')
    this.#token = token
    this.#timeoutMs = timeoutMs
  }

  /** Every call from now on is said with the secret of this host. */
  identify(secret: string): void {
    this.#hostSecret = secret
  }

  get(path: string, signal?: AbortSignal): Promise<unknown> {
    return this.#call('GET', path, { signal })
  }

  post(path: string, body?: unknown): Promise<unknown> {
    return this.#call('POST', path, { body })
  }

  #headers(): Record<string, string> {
    return {
      ...(this.#token ? { authorization: `Bearer ${this.#token}` } : {}),
      ...(this.#hostSecret === null ? {} : { [HOST_SECRET]: this.#hostSecret }),
    }
  }

  async #call(
    method: 'GET' | 'POST',
    path: string,
    { body, signal }: { body?: unknown; signal?: AbortSignal | undefined },
  ): Promise<unknown> {
    const url = `${this.#url}/api/v1${path}`
    let response: Response
    try {
      response = await fetch(url, {
        method,
        headers: { ...this.#headers(), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.any([AbortSignal.timeout(this.#timeoutMs), ...(signal ? [signal] : [])]),
      })
    } catch (cause) {
      const reason = cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : String(cause)
      throw new SweepError('SB-SERVE-004', { url: this.#url, message: reason }, { cause })
    }
    if (!response.ok) throw await this.#failure(response)
    return response.json()
  }

  async #failure(response: Response): Promise<SweepError> {
    const body = (await response.json().catch(() => null)) as { code?: string; message?: string; mistakes?: [] } | null
    if (body?.code && body.code in ERRORS) {
      return Object.assign(new SweepError(body.code as ErrorCode, {}, { mistakes: body.mistakes ?? [] }), {
        message: body.message,
      })
    }
    return new SweepError('SB-SERVE-004', { url: this.#url, message: `it answered ${response.status}` })
  }
}

function isServiceAddress(url: string): boolean {
  const parsed = URL.parse(url)
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return false
  return [parsed.username, parsed.password, parsed.search, parsed.hash].every((part) => part === '')
}

/** The service as a remote worker sees it. Answers are checked: a proxy's error page must not steer a worker. */
export function openHttpLink(client: ServiceClient): ServiceLink {
  return {
    join: async () => JoinAnswer.parse(await client.get('/join')),
    identify: (secret) => client.identify(secret),
    beat: async (beat) => BeatAnswer.parse(await client.post('/beat', beat)),
    awaitCall: async (host, signal) => HostCall.parse(await client.get(`/hosts/${encodeURIComponent(host)}/call`, signal)).called,
    claim: async (claim) => ClaimAnswer.parse(await client.post('/claim', claim)),
    commit: async (host, ledger, commits) => CommitAnswer.parse(await client.post('/commit', { host, ledger, commits })).verdicts,
    end: async (end) => {
      await client.post('/end', end)
    },
  }
}
