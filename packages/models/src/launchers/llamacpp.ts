import { join } from 'node:path'
import { flags, type Launcher, type LaunchRequest, textMember } from './launcher.ts'

const POOLING: Readonly<Record<string, string>> = { lasttoken: 'last', cls: 'cls', mean: 'mean' }
/** Its own default of a physical batch. */
const LEAST_BATCH = 512
/** Tokens all its sequences share, where one text needs no more. */
const CONTEXT_TOKENS = 32_768
const MOST_SEQUENCES = 8

/**
 * llama.cpp's server, read in a copy of 2026: `tools/server/README.md`. An input must fit one physical batch (`--ubatch-size`), and the
 * context is divided among the sequences. Vectors have unit length by default; servers of 2025 do not know the flag. `/health` answers 503 while the model is loaded. It pins no hub revision, so it is only
 * given files.
 */
export const llamacpp: Launcher = {
  name: 'llamacpp',
  program: ['llama-server'],
  about: 'a build of ggml-org/llama.cpp on PATH as llama-server',
  engine: { vectors: 'openai', scores: 'rerank-api' },
  devices: ['cuda', 'cpu'],
  traits: {
    dtypes: { cuda: [], cpu: [] },
    takes: ['file', 'repo'],
    setsPooling: true,
    sends: 'tokens',
    unit: true,
    style: 'jina',
    overheadBytes: 768 * 2 ** 20,
  },
  base: '/v1',
  ready: '/health',
  version: { path: '/props', read: (answer) => textMember(answer, 'build_info') },
  knownBad: [],
  arguments: (request) => {
    const { place, model, served, serves, file, pooling } = request
    const { batch, sequences } = shapeOf(request)
    return {
      args: flags({
        '--model': file === null ? model : join(model, file),
        '--alias': served,
        '--host': '127.0.0.1',
        '--port': place.port,
        '--embeddings': serves === 'vectors',
        '--reranking': serves === 'scores',
        '--pooling': serves === 'scores' ? 'rank' : pooling === null ? null : (POOLING[pooling] ?? null),
        '--ctx-size': batch * sequences,
        '--batch-size': batch,
        '--ubatch-size': batch,
        '--parallel': sequences,
        '--gpu-layers': place.devices.length === 0 ? 0 : 999,
      }),
      env: {},
    }
  },
}

/** The longest text fits one physical batch; as many sequences as share the context beside it, a request's worth at most. */
function shapeOf({ maxTokens, load }: LaunchRequest): { batch: number; sequences: number } {
  const batch = Math.max(LEAST_BATCH, maxTokens ?? 0)
  const fitting = Math.max(1, Math.floor(CONTEXT_TOKENS / batch))
  return { batch, sequences: Math.min(MOST_SEQUENCES, fitting, load.open.batchTexts) }
}
