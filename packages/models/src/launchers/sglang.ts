import { flags, type Launcher, textMember } from './launcher.ts'
import { templateFile } from './server-template.ts'

/** It refuses an input as long as its context, and a context longer than the model's unless told by variable. */
const SPARE_TOKENS = 8

/**
 * SGLang, read in copies of 2026: `serving_rerank.py`, `docs/advanced_features/server_arguments.md`,
 * `docs/supported_models/retrieval_ranking`, `test_encoder_embedding_models.py`. It pools as the model's own files say and gives unit
 * length. A yes-no reranker must be started as a generating model, any other as an embedding one. Its prefix cache does not fit
 * attention that looks ahead, and makes a score depend on what was asked before.
 */
export const sglang: Launcher = {
  name: 'sglang',
  program: ['python3', '-m', 'sglang.launch_server'],
  about: 'pip install "sglang[all]"',
  engine: { vectors: 'openai', scores: 'rerank-api' },
  devices: ['cuda'],
  traits: {
    dtypes: { cuda: ['bfloat16', 'float16', 'float32'], cpu: [] },
    takes: ['dtype', 'quantization', 'memoryShare'],
    setsPooling: false,
    sends: 'tokens',
    unit: true,
    style: 'sglang',
    overheadBytes: 2560 * 2 ** 20,
  },
  base: '/v1',
  ready: '/health',
  version: { path: '/get_server_info', read: (answer) => textMember(answer, 'version') },
  knownBad: [
    {
      below: '0.5.8',
      serves: 'scores',
      only: { template: true },
      why: 'it knows no template for rerankers and answers with an error or senseless scores',
      source: 'sgl-project/sglang#16403 (merged in January 2026), #7949',
    },
  ],
  arguments: ({ load, place, model, revision, served, serves, dtype, quantization, maxTokens, memoryShare, pooling }) => {
    const template = serves === 'scores' ? (load.open.pair?.template ?? null) : null
    const file =
      template === null
        ? null
        : templateFile(place.scratch, template, { query: 'messages[0]["content"]', document: 'messages[1]["content"]' })
    // Attention that looks ahead must see a text whole, and only some backends have it; harmless to a decoder whose files say how it pools.
    const looksAhead = file === null && pooling !== 'lasttoken'
    return {
      args: flags({
        '--model-path': model,
        '--served-model-name': served,
        '--revision': revision,
        '--host': '127.0.0.1',
        '--port': place.port,
        '--dtype': dtype,
        '--quantization': quantization,
        '--context-length': maxTokens === null ? null : maxTokens + SPARE_TOKENS,
        // Of what is free when it starts, by copies of its source (`profile_max_num_token`; not tried on a card others use): unlike vLLM it needs no word of what they hold.
        '--mem-fraction-static': memoryShare,
        '--tensor-parallel-size': place.devices.length,
        '--is-embedding': file === null,
        '--chat-template': file?.path,
        '--disable-radix-cache': true,
        '--chunked-prefill-size': looksAhead ? -1 : null,
        '--attention-backend': looksAhead ? 'triton' : null,
      }),
      env: maxTokens === null ? {} : { SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN: '1' },
      files: file === null ? [] : [file],
    }
  },
}
