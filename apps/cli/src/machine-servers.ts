/** A model that a server on this machine answers with vectors for. */
export interface ServedModel {
  readonly model: string
  readonly engine: 'tei' | 'ollama' | 'openai'
  /** As the engine wants it: of TEI and Ollama the root, else the base of the OpenAI routes. */
  readonly url: string
  /** What the server calls itself, for people. */
  readonly server: string
}

/** Where vllm and infinity, sglang, llama.cpp and TEI, infinity, ollama, and TEI listen unless told otherwise. */
export const KNOWN_PORTS = [8000, 30000, 8080, 7997, 11434, 3000] as const
const LOOK_MS = 1500
/** A server may load its model for the first text. */
const EMBED_MS = 20_000
const MOST_BYTES = 2 ** 20
/** Models of one server that are asked for a vector. */
const MOST_MODELS = 20

type Json = Readonly<Record<string, unknown>>

/**
 * Asks the servers of this machine what they are, by the routes each kind has, and what models they give vectors for. A port where nobody
 * listens, or somebody else, gives nothing. Only the loopback address is asked.
 */
export async function findServers(ports: readonly number[] = KNOWN_PORTS): Promise<ServedModel[]> {
  return (await Promise.all(ports.map((port) => servedAt(`http://127.0.0.1:${port}`)))).flat()
}

async function servedAt(root: string): Promise<ServedModel[]> {
  const info = await ask(`${root}/info`)
  if (typeof info?.model_id === 'string' && typeof info.max_client_batch_size === 'number') {
    const isEmbedder = typeof info.model_type === 'object' && info.model_type !== null && 'embedding' in info.model_type
    return isEmbedder ? [{ model: info.model_id, engine: 'tei', url: root, server: 'text-embeddings-inference' }] : []
  }
  if (typeof (await ask(`${root}/api/version`))?.version === 'string') return ofOllama(root)
  for (const base of [`${root}/v1`, root]) {
    const found = await ofOpenAi(base)
    if (found.length > 0) return found
  }
  return []
}

async function ofOllama(root: string): Promise<ServedModel[]> {
  const all = listOf((await ask(`${root}/api/tags`))?.models).map(({ name }) => name)
  const served: ServedModel[] = []
  for (const model of all.filter((name) => typeof name === 'string').slice(0, MOST_MODELS)) {
    const about = await ask(`${root}/api/show`, { model })
    if (Array.isArray(about?.capabilities) && about.capabilities.includes('embedding'))
      served.push({ model, engine: 'ollama', url: root, server: 'ollama' })
  }
  return served
}

async function ofOpenAi(base: string): Promise<ServedModel[]> {
  const served: ServedModel[] = []
  for (const { id, owned_by: owner } of listOf((await ask(`${base}/models`))?.data).slice(0, MOST_MODELS)) {
    if (typeof id !== 'string') continue
    // The list does not say what gives vectors and what talks.
    const answer = await ask(`${base}/embeddings`, { model: id, input: ['a'], encoding_format: 'float' }, EMBED_MS)
    if (Array.isArray(answer?.data))
      served.push({ model: id, engine: 'openai', url: base, server: typeof owner === 'string' ? owner : 'OpenAI routes' })
  }
  return served
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter((one): one is Json => one !== null && typeof one === 'object') : []
}

/** A GET, or a POST of `body`; null for whatever is no JSON object of a 2xx answer. */
async function ask(url: string, body?: Json, limitMs = LOOK_MS): Promise<Json | null> {
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.timeout(limitMs),
      ...(body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    if (!response.ok) {
      await response.body?.cancel()
      return null
    }
    const text = await response.text()
    const value: unknown = text.length > MOST_BYTES ? null : JSON.parse(text)
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : null
  } catch {
    return null // nobody there, too slow, or not JSON
  }
}
