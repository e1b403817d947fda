import type { StubModel } from './stub-model.ts'
import type { StubReply, StubRequest, StubRoutes } from './stub-server.ts'

interface Scored {
  readonly index: number
  readonly logit: number
}

const probability = (logit: number) => 1 / (1 + Math.exp(-logit))

/** A request's documents with their scores, best first, as all these servers answer. */
function ranked(model: StubModel, request: StubRequest, key = 'documents'): Scored[] {
  const { query, top_n: most, ...rest } = request.body as { query: string; top_n?: number; [key: string]: unknown }
  const documents = rest[key] as string[]
  // An instruction is a part of what the model reads.
  const instruction = String(rest.instruct ?? rest.instruction ?? '')
  const asked = model.ids(instruction === '' ? query : `${instruction} ${query}`)
  const all = documents.map((document, index) => ({ index, logit: model.logit(asked, model.ids(document)) }))
  return all.sort((a, b) => b.logit - a.logit).slice(0, most === undefined || most === 0 ? all.length : most)
}
const tokensOf = (model: StubModel, { body }: StubRequest) => {
  const { query, documents } = body as { query: string; documents: string[] }
  return documents.reduce((sum, text) => sum + model.ids(text).length, model.ids(query).length)
}
const owner =
  (owned_by: string, own: object = {}) =>
  () => ({ json: { object: 'list', data: [{ id: 'stub', owned_by, ...own }] } })

/** vLLM: `results` with probabilities and documents. */
export function vllmRerankStub(model: StubModel, maxTokens = 512): StubRoutes {
  return {
    'GET /v1/models': owner('vllm', { max_model_len: maxTokens }),
    'GET /version': () => ({ json: { version: '0.11.0' } }),
    'POST /v1/rerank': (request) => {
      const documents = request.body?.documents as string[]
      const tokens = tokensOf(model, request)
      const results = ranked(model, request).map(({ index, logit }) => ({
        index,
        document: { text: documents[index] },
        relevance_score: probability(logit),
      }))
      return { json: { id: 'score-1', model: 'stub', usage: { prompt_tokens: tokens, total_tokens: tokens }, results } }
    },
  }
}

/** Infinity: probabilities unless `raw_scores`. */
export function infinityRerankStub(model: StubModel): StubRoutes {
  return {
    'GET /v1/models': owner('infinity', { capabilities: ['rerank'] }),
    'POST /v1/rerank': (request) => {
      const scale = request.body?.raw_scores === true ? (logit: number) => logit : probability
      const results = ranked(model, request).map(({ index, logit }) => ({ index, relevance_score: scale(logit), document: null }))
      return { json: { object: 'rerank', model: 'stub', results, usage: { prompt_tokens: 7, total_tokens: 7 } } }
    },
  }
}

/** Jina and SiliconFlow as seen from a proxy that says nothing of itself. */
export function hostedRerankStub(model: StubModel): StubRoutes {
  return {
    'POST /v1/rerank': (request) => ({
      json: {
        id: 'x',
        results: ranked(model, request).map(({ index, logit }) => ({ index, relevance_score: probability(logit) })),
        tokens: { input_tokens: 11, output_tokens: 0 },
      },
    }),
  }
}

/** Cohere v2: its own route, and no documents in the answer. */
export function cohereRerankStub(model: StubModel): StubRoutes {
  return {
    'POST /v2/rerank': (request) => ({
      json: {
        id: 'x',
        results: ranked(model, request).map(({ index, logit }) => ({ index, relevance_score: probability(logit) })),
        meta: { api_version: { version: '2' }, billed_units: { search_units: 1 } },
      },
    }),
  }
}

/** SGLang: a bare list; documents come along unless they are declined. */
export function sglangRerankStub(model: StubModel): StubRoutes {
  return {
    'GET /v1/models': owner('sglang', { max_model_len: 512 }),
    'GET /get_server_info': () => ({ json: { version: '0.5.3' } }),
    'POST /v1/rerank': (request) => {
      const documents = request.body?.documents as string[]
      const withText = request.body?.return_documents !== false
      const list = ranked(model, request).map(({ index, logit }) => ({ score: probability(logit), index }))
      return { json: withText ? list.map((item) => ({ ...item, document: documents[item.index] })) : list }
    },
  }
}

/** TEI: `texts`, a bare list, probabilities unless `raw_scores`, 422 above its batch and input limits. */
export function teiRerankStub(model: StubModel, limits: { maxBatch: number; maxTokens: number }): StubRoutes {
  const invalid = (error: string): StubReply => ({ status: 422, json: { error, error_type: 'Validation' } })
  return {
    'GET /info': () => ({
      json: {
        model_id: 'org/stub',
        model_dtype: 'float16',
        model_type: { reranker: { id2label: { '0': 'LABEL_0' } } },
        max_input_length: limits.maxTokens,
        max_client_batch_size: limits.maxBatch,
        auto_truncate: true,
        version: '1.9.3',
      },
    }),
    'POST /rerank': (request) => {
      const texts = request.body?.texts as string[]
      if (texts.length > limits.maxBatch)
        return invalid(`batch size ${texts.length} > maximum allowed batch size ${limits.maxBatch}`)
      const asked = model.ids(String(request.body?.query)).length
      if (request.body?.truncate !== true && texts.some((text) => asked + model.ids(text).length - 1 > limits.maxTokens))
        return invalid(`inputs must have less than ${limits.maxTokens} tokens`)
      const scale = request.body?.raw_scores === true ? (logit: number) => logit : probability
      return { json: ranked(model, request, 'texts').map(({ index, logit }) => ({ index, score: scale(logit) })) }
    },
  }
}
