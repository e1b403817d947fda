import { type Endpoint, redact, rootUrl } from './endpoint.ts'
import { RequestFailure } from './request-failure.ts'
import { sendRequest } from './send-request.ts'

/** What a server says of itself; null where it is silent. */
export interface ServerFacts {
  /** `vllm`, `sglang`, `infinity`, `llama.cpp`, `tei`, `ollama`, a hosted service's name, or `unknown`. */
  readonly server: string
  readonly version: string | null
  /** Most tokens one input may have. */
  readonly maxInputTokens: number | null
  /** Most inputs one request may have. */
  readonly maxBatchTexts: number | null
  readonly dtype: string | null
  /** The server cuts long inputs by itself unless told otherwise. */
  readonly truncates: boolean | null
  /** How it pools, as recipes name it (TEI). */
  readonly pooling: string | null
  /** The model it says it serves, where it does not check the name that it is asked by (TEI). */
  readonly model: string | null
}

type Json = Readonly<Record<string, unknown>>

const UNKNOWN: ServerFacts = {
  server: 'unknown',
  version: null,
  maxInputTokens: null,
  maxBatchTexts: null,
  dtype: null,
  truncates: null,
  pooling: null,
  model: null,
}
/** Hosted services, by the end of their host name: they tell nothing, and are not asked. */
const HOSTED: Readonly<Record<string, string>> = {
  'openai.com': 'openai',
  'siliconflow.cn': 'siliconflow',
  'siliconflow.com': 'siliconflow',
  'jina.ai': 'jina',
  'cohere.com': 'cohere',
  'cohere.ai': 'cohere',
}
/** Of these the documents say that a text too long is an error, never cut. */
const REFUSES_LONG_TEXTS: readonly string[] = ['openai', 'siliconflow']
/** OpenAI's own limit of inputs per request. */
const OPENAI_BATCH_TEXTS = 2048
const FACT_BYTES = 4 * 1024 * 1024
const FACT_TIMEOUT_MS = 5000

/** Name of the hosted service a URL belongs to; null for any other server. */
export function hostedService(url: string): string | null {
  const { hostname } = new URL(url)
  const end = Object.keys(HOSTED).find((name) => hostname === name || hostname.endsWith(`.${name}`))
  return end === undefined ? null : (HOSTED[end] as string)
}

/**
 * Asks a server what it is, by the routes each kind of server has. A route that is not there, or does not answer in five
 * seconds, tells nothing; so nothing but an abort is thrown.
 */
export async function readServerFacts(endpoint: Endpoint, signal?: AbortSignal): Promise<ServerFacts> {
  const hosted = hostedService(endpoint.url)
  if (hosted !== null) {
    const truncates = REFUSES_LONG_TEXTS.includes(hosted) ? false : null
    return { ...UNKNOWN, server: hosted, truncates, maxBatchTexts: hosted === 'openai' ? OPENAI_BATCH_TEXTS : null }
  }
  const root = rootUrl(endpoint.url)
  const base = endpoint.url.replace(/\/+$/, '')
  const get = (url: string) => getJson(endpoint, url, signal)
  const info = await get(`${root}/info`)
  if (typeof info?.max_client_batch_size === 'number') return teiFacts(info)
  const models = await get(`${base}/models`)
  const listed = (Array.isArray(models?.data) ? (models.data as Json[]) : []).filter((one) => one !== null)
  const own = listed.find((one) => one.id === endpoint.model) ?? listed[0]
  const known = { ...UNKNOWN, maxInputTokens: positive(own?.max_model_len) }
  switch (own?.owned_by) {
    case 'vllm':
      return { ...known, server: 'vllm', version: text((await get(`${root}/version`))?.version), truncates: false }
    case 'sglang': {
      const about = (await get(`${root}/get_server_info`)) ?? (await get(`${root}/server_info`))
      return { ...known, server: 'sglang', version: text(about?.version), dtype: text(about?.dtype) }
    }
    case 'infinity': {
      const api = ((await get(`${base}/openapi.json`)) ?? (await get(`${root}/openapi.json`)))?.info as Json | undefined
      return { ...known, server: 'infinity', version: text(api?.version), truncates: true }
    }
    case 'llamacpp': {
      const props = await get(`${root}/props`)
      return { ...known, server: 'llama.cpp', version: text(props?.build_info), truncates: false }
    }
  }
  const ollama = await get(`${root}/api/version`)
  return typeof ollama?.version === 'string' ? { ...known, server: 'ollama', version: ollama.version } : known
}

function teiFacts(info: Json): ServerFacts {
  return {
    server: 'tei',
    version: text(info.version),
    maxInputTokens: positive(info.max_input_length),
    maxBatchTexts: positive(info.max_client_batch_size),
    dtype: text(info.model_dtype),
    truncates: info.auto_truncate === true,
    pooling: teiPooling(info),
    model: text(info.model_id),
  }
}

/** `cls`, `mean`, `last_token` or `splade` of its `model_type`; a reranker has none. */
function teiPooling(info: Json): string | null {
  const { embedding } = (info.model_type ?? {}) as { embedding?: { pooling?: unknown } }
  const named = text(embedding?.pooling)?.toLowerCase() ?? null
  return named === null ? null : named.replace(/[_-]/g, '')
}

async function getJson(endpoint: Endpoint, url: string, signal: AbortSignal | undefined): Promise<Json | null> {
  try {
    const { body } = await sendRequest(endpoint, { url, answerBytes: FACT_BYTES, timeoutMs: FACT_TIMEOUT_MS, signal })
    const value: unknown = JSON.parse(redact(body, endpoint))
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : null
  } catch (thrown) {
    if (thrown instanceof RequestFailure || thrown instanceof SyntaxError) return null
    throw thrown
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.slice(0, 80) : null
}

function positive(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : null
}
