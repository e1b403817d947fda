import { flags, type Launcher, textMember } from './launcher.ts'

/**
 * Infinity (`infinity_emb`) 0.0.77: `cli.py`, `env.py`, and its own `v2 --help`, which takes every flag used here. Its torch engine pools as the
 * model's own modules.json says; `--pooling-method` (mean or cls) is what its other engines go by. It has no flag for a length:
 * it cuts at the model's own, so nothing longer may be sent. `--trust-remote-code` is on unless told otherwise. It splits no model: over
 * several GPUs it would put a whole copy on each, which is what a slot for each of them does as well.
 */
export const infinity: Launcher = {
  name: 'infinity',
  program: ['infinity_emb', 'v2'],
  about: 'pip install "infinity-emb[torch,server]"',
  engine: { vectors: 'openai', scores: 'rerank-api' },
  devices: ['cuda', 'cpu'],
  traits: {
    dtypes: { cuda: ['float16', 'bfloat16', 'float32'], cpu: ['float32', 'bfloat16', 'float16'] },
    takes: ['dtype'],
    setsPooling: false,
    sends: 'text',
    // It follows the model's own modules, which may not normalise.
    unit: false,
    style: 'jina',
    overheadBytes: 1536 * 2 ** 20,
  },
  base: '/v1',
  ready: '/health',
  version: { path: '/v1/openapi.json', read: (answer) => textMember((answer as { info?: unknown } | null)?.info, 'version') },
  knownBad: [],
  mostDevices: 1,
  arguments: ({ place, model, revision, served, dtype, pooling }) => ({
    args: flags({
      '--model-id': model,
      '--served-model-name': served,
      '--revision': revision,
      '--host': '127.0.0.1',
      '--port': place.port,
      '--url-prefix': '/v1',
      '--engine': 'torch',
      '--device': place.devices.length === 0 ? 'cpu' : 'cuda',
      '--dtype': dtype,
      '--pooling-method': pooling === 'mean' || pooling === 'cls' ? pooling : null,
      '--lengths-via-tokenize': true,
      '--no-trust-remote-code': true,
      '--no-compile': true,
    }),
    env: { DO_NOT_TRACK: '1', INFINITY_ANONYMOUS_USAGE_STATS: '0' },
  }),
}
