import type { StubModel } from './stub-model.ts'
import type { StubReply, StubRequest, StubRoutes } from './stub-server.ts'

export interface StubLimits {
  /** Tokens an input may have, frame included. */
  readonly maxTokens?: number
  /** Inputs a request may have. */
  readonly maxBatch?: number
}
const NAME = 'stub-model'

type Input = string | readonly number[]
const inputsOf = ({ body }: StubRequest, key = 'input'): Input[] => {
  const value = body?.[key]
  return (Array.isArray(value) ? value : [value]) as Input[]
}
const idsOf = (model: StubModel, inputs: readonly Input[]) =>
  inputs.map((input) => (typeof input === 'string' ? model.ids(input) : [...input]))
const cut = (ids: number[], limit: number) => (ids.length > limit ? [...ids.slice(0, limit - 1), ids.at(-1) as number] : ids)
const total = (all: readonly (readonly number[])[]) => all.reduce((sum, ids) => sum + ids.length, 0)
const refusal = (status: number, message: string): StubReply => ({ status, json: { error: { message } } })
const models =
  (own: object): StubRoutes[string] =>
  () => ({ json: { object: 'list', data: [{ id: NAME, object: 'model', ...own }] } })

function openaiAnswer(model: StubModel, request: StubRequest, all: readonly (readonly number[])[], count: number): StubReply {
  const asBase64 = request.body?.encoding_format === 'base64'
  const data = all.map((ids, index) => {
    const vector = model.vector(ids)
    const embedding = asBase64 ? Buffer.from(Float32Array.from(vector).buffer).toString('base64') : vector
    return { object: 'embedding', index, embedding }
  })
  return { json: { object: 'list', model: NAME, data, usage: { prompt_tokens: count, total_tokens: count } } }
}

/** vLLM: takes token ids and base64, tells its limit, refuses what is longer with 400. */
export function vllmStub(model: StubModel, { maxTokens = 512 }: StubLimits = {}): StubRoutes {
  return {
    'GET /v1/models': models({ owned_by: 'vllm', max_model_len: maxTokens }),
    'GET /version': () => ({ json: { version: '0.11.0' } }),
    'POST /v1/embeddings': (request) => {
      const all = idsOf(model, inputsOf(request))
      if (all.some((ids) => ids.length > maxTokens))
        return {
          status: 400,
          json: { object: 'error', message: `maximum context length is ${maxTokens} tokens`, type: 'BadRequestError', code: 400 },
        }
      return openaiAnswer(model, request, all, total(all))
    },
  }
}

/** SGLang: tells its limit, takes floats only here. */
export function sglangStub(model: StubModel, { maxTokens = 512 }: StubLimits = {}): StubRoutes {
  return {
    'GET /v1/models': models({ owned_by: 'sglang', max_model_len: maxTokens }),
    'GET /get_server_info': () => ({ json: { version: '0.5.3', dtype: 'bfloat16' } }),
    'POST /v1/embeddings': (request) => {
      if (request.body?.encoding_format !== 'float') return refusal(400, 'encoding_format must be float')
      const all = idsOf(model, inputsOf(request))
      if (all.some((ids) => ids.length > maxTokens))
        return refusal(400, `longer than the model's context length (${maxTokens} tokens)`)
      return openaiAnswer(model, request, all, total(all))
    },
  }
}

/** Infinity: strips white space, cuts in silence, takes no token ids, counts tokens before the cut and without the frame. */
export function infinityStub(model: StubModel, { maxTokens = 512, maxBatch = 2048 }: StubLimits = {}): StubRoutes {
  return {
    'GET /v1/models': models({ owned_by: 'infinity', backend: 'optimum', stats: {} }),
    'GET /v1/openapi.json': () => ({ json: { openapi: '3.1.0', info: { title: 'Infinity', version: '0.0.77' } } }),
    'POST /v1/embeddings': (request) => {
      const inputs = inputsOf(request)
      if (inputs.length > maxBatch || inputs.some((input) => typeof input !== 'string'))
        return { status: 422, json: { detail: [{ type: 'string_type', msg: 'Input should be a valid string' }] } }
      const whole = idsOf(
        model,
        inputs.map((input) => String(input).trim()),
      )
      return openaiAnswer(
        model,
        request,
        whole.map((ids) => cut(ids, maxTokens)),
        total(whole) - 2 * whole.length,
      )
    },
  }
}

/** llama.cpp: an input beyond the physical batch is a 500. */
export function llamaCppStub(model: StubModel, { maxTokens = 512 }: StubLimits = {}): StubRoutes {
  return {
    'GET /v1/models': models({ owned_by: 'llamacpp', meta: { n_ctx_train: 32_768 } }),
    'GET /props': () => ({ json: { build_info: 'b6800-abc' } }),
    'POST /v1/embeddings': (request) => {
      const all = idsOf(model, inputsOf(request))
      if (all.some((ids) => ids.length > maxTokens))
        return refusal(500, `input is too large to process. increase the physical batch size (current: ${maxTokens})`)
      return openaiAnswer(model, request, all, total(all))
    },
  }
}

/** TEI: batches above its limit are a 422 that names it, long inputs a 422, unless `truncate`; token ids are misread. */
export function teiStub(model: StubModel, { maxTokens = 512, maxBatch = 4 }: StubLimits = {}): StubRoutes {
  const invalid = (error: string): StubReply => ({ status: 422, json: { error, error_type: 'Validation' } })
  return {
    'GET /info': () => ({
      json: {
        model_id: 'org/stub',
        model_dtype: 'float32',
        model_type: { embedding: { pooling: 'mean' } },
        max_input_length: maxTokens,
        max_client_batch_size: maxBatch,
        auto_truncate: true,
        version: '1.9.3',
      },
    }),
    'POST /embed': (request) => {
      const inputs = inputsOf(request, 'inputs')
      if (inputs.length > maxBatch) return invalid(`batch size ${inputs.length} > maximum allowed batch size ${maxBatch}`)
      // Ids are decoded and encoded again, so that the frame stands twice.
      const all = inputs.map((input) => (typeof input === 'string' ? model.ids(input) : [1, ...input, 2]))
      if (request.body?.truncate === false && all.some((ids) => ids.length > maxTokens))
        return invalid(`inputs must have less than ${maxTokens} tokens`)
      const kept = all.map((ids) => cut(ids, maxTokens))
      return { json: kept.map((ids) => model.vector(ids)), headers: { 'x-compute-tokens': String(total(kept)) } }
    },
  }
}

/** Ollama: cuts in silence unless told not to; its `/v1/embeddings` always does. */
export function ollamaStub(model: StubModel, { maxTokens = 512 }: StubLimits = {}): StubRoutes {
  return {
    'GET /api/version': () => ({ json: { version: '0.14.2' } }),
    'POST /api/embed': (request) => {
      const inputs = inputsOf(request)
      if (inputs.some((input) => typeof input !== 'string')) return { status: 400, json: { error: 'invalid input type' } }
      const all = idsOf(model, inputs)
      if (request.body?.truncate === false && all.some((ids) => ids.length > maxTokens))
        return { status: 400, json: { error: 'input length exceeds maximum context length' } }
      const kept = all.map((ids) => cut(ids, maxTokens))
      return { json: { model: NAME, embeddings: kept.map((ids) => model.vector(ids)), prompt_eval_count: total(kept) } }
    },
    'POST /v1/embeddings': (request) => {
      const kept = idsOf(model, inputsOf(request)).map((ids) => cut(ids, maxTokens))
      return openaiAnswer(model, request, kept, total(kept))
    },
  }
}
