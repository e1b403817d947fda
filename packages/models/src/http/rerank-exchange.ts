import type { RerankStyle } from '../model-source.ts'
import { PROBE_PAIRS } from '../pair-probe.ts'
import { type Endpoint, rootUrl } from './endpoint.ts'
import { type Answer, type Exchange, errorIn, IndexedRows, parseAnswer, tokenCountOf, WrongAnswer } from './exchange.ts'

export interface QueryAndDocument {
  readonly query: string
  readonly document: string
}
/** All items of one request have one query. */
export type RerankExchange = Exchange<QueryAndDocument, number>
export type WireStyle = Exclude<RerankStyle, 'auto'>

export interface RerankOptions {
  /** The server's kind, for what only some take. */
  readonly server: string
  readonly instruction: string | null
  /** Tokens a document may have (cohere, which cuts it there). */
  readonly maxTokens: number | null
}

/** What Cohere cuts documents at when it is not told. */
const COHERE_DOCUMENT_TOKENS = 4096

/** Member of the body an instruction goes into; null where the server takes none. */
export function instructionMember(style: WireStyle, server: string): string | null {
  if (style === 'sglang') return 'instruct'
  return style === 'jina' && server === 'siliconflow' ? 'instruction' : null
}

/** Whether the server is asked for scores before the logistic function, which would crowd the best ones together at 1. */
export function asksRawScores(style: WireStyle, server: string): boolean {
  return style === 'tei' || server === 'infinity'
}

/** How one style asks for the scores of a query's documents. Answers come sorted by score: rows are put back by index. */
export function rerankExchange(style: WireStyle, endpoint: Endpoint, options: RerankOptions): RerankExchange {
  const member = instructionMember(style, options.server)
  const instruction = member === null || options.instruction === null ? {} : { [member]: options.instruction }
  return {
    canary: PROBE_PAIRS[0] as QueryAndDocument,
    ask: (items) => {
      const query = (items[0] as QueryAndDocument).query
      const documents = items.map(({ document }) => document)
      const { url, body } = STYLES[style](endpoint, { query, documents, options })
      return { url, body: { ...body, ...instruction } }
    },
    read: (text, { items, headers }) => readScores(style, { text, headers, count: items.length }),
  }
}

type Style = (
  endpoint: Endpoint,
  ask: { query: string; documents: readonly string[]; options: RerankOptions },
) => { url: string; body: Readonly<Record<string, unknown>> }

const STYLES: Readonly<Record<WireStyle, Style>> = {
  jina: (endpoint, { query, documents, options }) => ({
    url: `${endpoint.url.replace(/\/+$/, '')}/rerank`,
    body: {
      model: endpoint.model,
      query,
      documents,
      top_n: documents.length,
      return_documents: false,
      ...(asksRawScores('jina', options.server) ? { raw_scores: true } : {}),
    },
  }),
  cohere: (endpoint, { query, documents, options }) => ({
    url: `${rootUrl(endpoint.url)}/v2/rerank`,
    body: {
      model: endpoint.model,
      query,
      documents,
      top_n: documents.length,
      max_tokens_per_doc: options.maxTokens ?? COHERE_DOCUMENT_TOKENS,
    },
  }),
  tei: (endpoint, { query, documents }) => ({
    url: `${rootUrl(endpoint.url)}/rerank`,
    body: { query, texts: documents, raw_scores: true, truncate: false, return_text: false },
  }),
  sglang: (endpoint, { query, documents }) => ({
    url: `${endpoint.url.replace(/\/+$/, '')}/rerank`,
    body: { model: endpoint.model, query, documents, top_n: documents.length, return_documents: false },
  }),
}

/**
 * Scores by document, `[count]`: from `results` with `relevance_score` (jina, cohere) or a bare list with `score` (tei,
 * sglang); each index once, each score finite.
 */
function readScores(style: WireStyle, from: { text: string; headers: Headers; count: number }): Answer<number> {
  const answer = parseAnswer(from.text)
  const isBare = style === 'tei' || style === 'sglang'
  const list = isBare ? answer : (answer as { results?: unknown } | null)?.results
  if (!Array.isArray(list)) throw new WrongAnswer(`${isBare ? 'no bare list of scores' : 'no results array'}${errorIn(answer)}`)
  const found = new IndexedRows<number>(list.length, from.count, 'scores')
  for (const item of list as Readonly<Record<string, unknown>>[]) {
    const index = found.claim(item?.index)
    const score = item[isBare ? 'score' : 'relevance_score']
    if (typeof score !== 'number' || !Number.isFinite(score))
      throw new WrongAnswer(`score ${index} is not finite: ${JSON.stringify(score)}`)
    found.rows[index] = score
  }
  return { rows: found.rows, tokenCount: tokensOf(answer, from.headers) }
}

/** `usage` (vLLM, Infinity, Jina), `tokens` or `meta.tokens` (SiliconFlow), TEI's header; null where nothing tells. */
function tokensOf(answer: unknown, headers: Headers): number | null {
  if (headers.has('x-compute-tokens')) return tokenCountOf(Number(headers.get('x-compute-tokens')))
  type Counts = { total_tokens?: unknown; prompt_tokens?: unknown; input_tokens?: unknown } | undefined
  const { usage, tokens, meta } = (answer ?? {}) as { usage?: Counts; tokens?: Counts; meta?: { tokens?: Counts } }
  const told = [usage?.prompt_tokens, usage?.total_tokens, tokens?.input_tokens, meta?.tokens?.input_tokens]
  return told.map(tokenCountOf).find((count) => count !== null) ?? null
}
