/** A server's address as one engine uses it. */
export interface Endpoint {
  /** Base URL as the spec names it: with /v1 for OpenAI's dialect, bare for TEI and Ollama. */
  readonly url: string
  readonly model: string
  readonly apiKey: string | undefined
  /** Milliseconds a request may take. */
  readonly timeoutMs: number
}

/** A URL for people: no user, no query, no fragment. */
export function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname.replace(/\/+$/, '')
}

/** The server's root: the base URL without a closing version such as /v1. */
export function rootUrl(url: string): string {
  return url.replace(/\/+$/, '').replace(/\/v\d+$/, '')
}

/** A server's words without the key it may have repeated. */
export function redact(words: string, endpoint: Endpoint): string {
  return endpoint.apiKey ? words.replaceAll(endpoint.apiKey, '***') : words
}
