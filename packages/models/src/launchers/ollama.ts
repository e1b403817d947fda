import { type Launcher, textMember } from './launcher.ts'

/**
 * Ollama, read in copies of `envconfig/config.go` (2024) and of `docs/faq.mdx` and `docs/context-length.mdx` (August 2026). It serves its own store, in which the model must lie
 * (`ollama pull`): it is up before a model is loaded, the first probe loads it, and tells by name one that is not there. The context
 * is said, because it otherwise depends on the memory of the GPU.
 */
export const ollama: Launcher = {
  name: 'ollama',
  program: ['ollama', 'serve'],
  about: 'https://ollama.com; its model by `ollama pull`',
  engine: { vectors: 'ollama', scores: null },
  devices: ['cuda', 'cpu'],
  traits: {
    dtypes: { cuda: [], cpu: [] },
    takes: ['model'],
    setsPooling: false,
    sends: 'text',
    unit: true,
    style: 'jina',
    overheadBytes: 768 * 2 ** 20,
  },
  base: '',
  ready: '/api/version',
  version: { path: '/api/version', read: (answer) => textMember(answer, 'version') },
  knownBad: [],
  arguments: ({ load, place, maxTokens }) => ({
    args: [],
    env: {
      OLLAMA_HOST: `127.0.0.1:${place.port}`,
      OLLAMA_NUM_PARALLEL: String(load.open.concurrency),
      OLLAMA_MAX_LOADED_MODELS: '1',
      OLLAMA_KEEP_ALIVE: '-1',
      OLLAMA_NOPRUNE: '1',
      ...(maxTokens === null ? {} : { OLLAMA_CONTEXT_LENGTH: String(maxTokens) }),
      ...(place.devices.length > 1 ? { OLLAMA_SCHED_SPREAD: '1' } : {}),
      // An empty list is to it as if there were none.
      ...(place.devices.length === 0 ? { CUDA_VISIBLE_DEVICES: '-1' } : {}),
    },
  }),
}
