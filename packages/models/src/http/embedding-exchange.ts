import { PROBE_TEXTS } from '../probe.ts'
import { readEmbeddings, readVectorList } from './embeddings-answer.ts'
import { type Endpoint, rootUrl } from './endpoint.ts'
import { type Exchange, parseAnswer, tokenCountOf } from './exchange.ts'
import { checkDimension } from './vector-row.ts'

/** What is embedded: a text, or token ids that the server takes as they are. */
export type EmbeddingInput = string | readonly number[]
export type EmbeddingExchange = Exchange<EmbeddingInput, Float32Array>

/** The embedding dialects, by the name of their engine. */
export type EmbeddingDialect = 'openai' | 'tei' | 'ollama'

export interface ExchangeOptions {
  /** Ask for base64 (openai): half the bytes, and no digits lost. */
  readonly base64: boolean
  /** Dimension every vector must have; null while it is unknown. */
  readonly dim: number | null
}

/** How one dialect asks for vectors. `dimensions` is never sent: slicing and normalising differ from server to server. */
export function embeddingExchange(
  dialect: EmbeddingDialect,
  endpoint: Endpoint,
  { base64, dim }: ExchangeOptions,
): EmbeddingExchange {
  const exchange = { openai, tei, ollama }[dialect](endpoint, base64)
  return {
    ...exchange,
    canary: PROBE_TEXTS[0] as string,
    read: (body, about) => {
      const answer = exchange.read(body, about)
      checkDimension(answer.rows, dim)
      return answer
    },
  }
}

type Dialect = (endpoint: Endpoint, base64: boolean) => Omit<EmbeddingExchange, 'canary'>

/** `POST /v1/embeddings`: vLLM, SGLang, Infinity, llama.cpp, SiliconFlow, OpenAI. */
const openai: Dialect = ({ url, model }, base64) => ({
  ask: (input) => ({
    url: `${url.replace(/\/+$/, '')}/embeddings`,
    body: { model, input, encoding_format: base64 ? 'base64' : 'float' },
  }),
  read: (body, { items }) => readEmbeddings(body, items.length),
})

/** `POST /embed` of TEI: the only route of it where truncation can be switched off. */
const tei: Dialect = ({ url }) => ({
  ask: (inputs) => ({ url: `${rootUrl(url)}/embed`, body: { inputs, truncate: false, normalize: true } }),
  read: (body, { items, headers }) => ({
    rows: readVectorList(parseAnswer(body), items.length),
    tokenCount: headers.has('x-compute-tokens') ? tokenCountOf(Number(headers.get('x-compute-tokens'))) : null,
  }),
})

/** `POST /api/embed` of Ollama; its `/v1/embeddings` always truncates. */
const ollama: Dialect = ({ url, model }) => ({
  ask: (input) => ({ url: `${rootUrl(url)}/api/embed`, body: { model, input, truncate: false } }),
  read: (body, { items }) => {
    const answer = parseAnswer(body) as { embeddings?: unknown; prompt_eval_count?: unknown } | null
    return { rows: readVectorList(answer?.embeddings, items.length, answer), tokenCount: tokenCountOf(answer?.prompt_eval_count) }
  },
})
