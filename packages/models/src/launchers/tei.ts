import { flags, type Launcher, textMember } from './launcher.ts'

const POOLING: Readonly<Record<string, string>> = { lasttoken: 'last-token', cls: 'cls', mean: 'mean' }
/** Its own default of tokens a batch. */
const BATCH_TOKENS = 16_384
/** Longest input of the Qwen3 embedding models by their own config: without truncation a batch must hold one. */
const DECODER_TOKENS = 40_960
const PAYLOAD_BYTES = 64 * 1024 * 1024

/**
 * text-embeddings-inference, read at 1.9.3: `router/src/main.rs`, `docs/source/en/cli_arguments.md`. Truncation is switched off by
 * variable, which every version takes (the flag has a value in some and none in others); it then does not start when a batch is
 * smaller than the longest input its model allows. It uses one GPU.
 */
export const tei: Launcher = {
  name: 'tei',
  program: ['text-embeddings-router'],
  about: 'a build of huggingface/text-embeddings-inference on PATH as text-embeddings-router',
  engine: { vectors: 'tei', scores: 'rerank-api' },
  devices: ['cuda', 'cpu'],
  traits: {
    dtypes: { cuda: ['float16', 'float32'], cpu: ['float32'] },
    takes: ['dtype'],
    setsPooling: true,
    // It takes ids, decodes them and tokenises again (found by experience, decision 0009).
    sends: 'text',
    unit: true,
    style: 'tei',
    overheadBytes: 1024 * 2 ** 20,
  },
  base: '',
  ready: '/health',
  version: { path: '/info', read: (answer) => textMember(answer, 'version') },
  knownBad: [
    {
      below: '1.7.3',
      serves: 'vectors',
      only: { pooling: 'lasttoken' },
      why: 'a text of Qwen3 has another vector alone than in a batch',
      source: 'huggingface/text-embeddings-inference#642, #646, #648',
    },
  ],
  mostDevices: 1,
  arguments: ({ load, place, model, revision, served, serves, dtype, maxTokens, pooling }) => {
    const isDecoder = pooling === 'lasttoken'
    return {
      args: flags({
        '--model-id': model,
        '--revision': revision,
        '--served-model-name': served,
        '--hostname': '127.0.0.1',
        '--port': place.port,
        '--dtype': dtype,
        '--pooling': serves === 'vectors' && pooling !== null ? (POOLING[pooling] ?? null) : null,
        '--max-client-batch-size': load.open.batchTexts,
        '--max-batch-tokens': Math.max(BATCH_TOKENS, maxTokens ?? 0, isDecoder ? DECODER_TOKENS : 0),
        // Up to 1.9.3 a batch of equally long texts runs without its causal mask outside flash attention (#882).
        '--max-batch-requests': isDecoder && place.devices.length === 0 ? 1 : null,
        '--payload-limit': PAYLOAD_BYTES,
      }),
      env: { AUTO_TRUNCATE: 'false' },
    }
  },
}
