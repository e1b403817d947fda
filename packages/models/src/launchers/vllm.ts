import { LAUNCHED_SHARE, type PairRecipe } from '@sweepboard/contracts'
import { flags, type Launcher, type LaunchRequest, textMember } from './launcher.ts'
import { templateFile } from './server-template.ts'

const POOLING: Readonly<Record<string, string>> = { lasttoken: 'LAST', cls: 'CLS', mean: 'MEAN' }
/**
 * GiB of keys and values on a CPU, as its default was once: a page that is not used takes no memory. Left to itself it asks for 92 % of the machine's
 * memory since, and does not start where something else has a tenth of it (seen on 0.32.0).
 */
const CPU_CACHE_GIB = '4'
/** How vLLM's score templates name the two texts (`examples/pooling/score/template/*.jinja`). */
const CONTENT = (role: string) => `messages | selectattr("role", "eq", "${role}") | map(attribute="content") | first`

/**
 * vLLM, read in copies of 2026 (0.19 and later): `docs/models/pooling_models/{README,embed,scoring}.md`, `vllm/config/pooler.py`,
 * `examples/pooling/score/`; run as 0.32.0 on a CPU. Pooled vectors have unit length by its own default (`use_activation`); a long input is refused.
 */
export const vllm: Launcher = {
  name: 'vllm',
  program: ['vllm', 'serve'],
  about: 'pip install vllm',
  engine: { vectors: 'openai', scores: 'rerank-api' },
  devices: ['cuda', 'cpu'],
  traits: {
    dtypes: { cuda: ['bfloat16', 'float16', 'float32'], cpu: ['bfloat16', 'float32', 'float16'] },
    takes: ['dtype', 'quantization', 'memoryShare'],
    setsPooling: true,
    sends: 'tokens',
    unit: true,
    style: 'jina',
    overheadBytes: 2048 * 2 ** 20,
  },
  base: '/v1',
  ready: '/health',
  version: { path: '/version', read: (answer) => textMember(answer, 'version') },
  knownBad: [
    {
      below: '0.14.0',
      serves: 'scores',
      only: { template: true },
      why: 'it puts no template around the pairs of a reranker, whose scores are then near random',
      source: 'vllm-project/vllm#30550, #31335, #39784',
    },
  ],
  arguments: (request) => {
    const { place, model, revision, served, dtype, quantization, maxTokens, memoryShare } = request
    const onGpu = place.devices.length > 0
    const { extra, files } = request.serves === 'vectors' ? embedding(request) : reranking(request)
    return {
      args: [
        model,
        ...flags({
          '--served-model-name': served,
          '--revision': revision,
          '--tokenizer-revision': revision,
          '--host': '127.0.0.1',
          '--port': place.port,
          '--runner': 'pooling',
          '--dtype': dtype,
          '--quantization': quantization,
          '--max-model-len': maxTokens,
          '--gpu-memory-utilization': memoryShare ?? shareOfTotal(place.freeShare),
          '--tensor-parallel-size': onGpu ? place.devices.length : null,
          ...extra,
        }),
      ],
      env: {
        VLLM_NO_USAGE_STATS: '1',
        DO_NOT_TRACK: '1',
        ...(onGpu || memoryShare !== null ? {} : { VLLM_CPU_KVCACHE_SPACE: CPU_CACHE_GIB }),
      },
      files,
    }
  },
}

/**
 * Its default is 0.92 of the device's whole memory, and it does not start where less than that is free. So where others hold some it is
 * told the share of the whole that a plan counts on; null where it may keep its default.
 */
function shareOfTotal(freeShare: number | undefined): number | null {
  return freeShare === undefined ? null : Math.max(0.01, Math.floor(LAUNCHED_SHARE * freeShare * 100) / 100)
}

interface Mode {
  readonly extra: Readonly<Record<string, string | null>>
  readonly files: readonly { readonly path: string; readonly text: string }[]
}

function embedding({ pooling }: LaunchRequest): Mode {
  const type = pooling === null ? undefined : POOLING[pooling]
  return { extra: { '--pooler-config': type === undefined ? null : JSON.stringify({ pooling_type: type }) }, files: [] }
}

/** The original weights of a yes-no reranker are a causal model: vLLM makes a classifier of two rows of its vocabulary. */
function reranking({ load, place }: LaunchRequest): Mode {
  const recipe: PairRecipe | undefined = load.open.pair
  if (recipe?.template == null) return { extra: {}, files: [] }
  const file = templateFile(place.scratch, recipe.template, { query: CONTENT('query'), document: CONTENT('document') })
  const overrides = {
    architectures: ['Qwen3ForSequenceClassification'],
    classifier_from_token: [recipe.noToken, recipe.yesToken],
    is_original_qwen3_reranker: true,
  }
  return { extra: { '--hf-overrides': JSON.stringify(overrides), '--chat-template': file.path }, files: [file] }
}
