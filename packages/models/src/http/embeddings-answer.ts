import { type Answer, errorIn, IndexedRows, parseAnswer, tokenCountOf, WrongAnswer } from './exchange.ts'
import { readVector } from './vector-row.ts'

/**
 * Reads an answer of `/v1/embeddings` and refuses whatever does not keep the contract: not JSON, a wrong count, a missing,
 * doubled or strange index, members that are not finite numbers. Vectors may be arrays or base64 of little-endian float32.
 * @param count inputs of the request
 * @throws WrongAnswer
 */
export function readEmbeddings(body: string, count: number): Answer<Float32Array> {
  const answer = parseAnswer(body) as { data?: unknown; usage?: { prompt_tokens?: unknown } | null } | null
  const data = answer?.data
  if (!Array.isArray(data)) throw new WrongAnswer(`no data array${errorIn(answer)}`)
  const found = new IndexedRows<Float32Array>(data.length, count, 'vectors')
  for (const item of data as { index?: unknown; embedding?: unknown }[]) {
    const index = found.claim(item?.index)
    found.rows[index] = readVector(item.embedding, index)
  }
  return { rows: found.rows, tokenCount: tokenCountOf(answer?.usage?.prompt_tokens) }
}

/**
 * Reads a bare list of vectors in the order of the inputs (TEI's `/embed`; `embeddings` of Ollama's `/api/embed`).
 * @param answer what the list stands in, for the error it may hold instead
 * @throws WrongAnswer
 */
export function readVectorList(list: unknown, count: number, answer: unknown = list): Float32Array[] {
  if (!Array.isArray(list)) throw new WrongAnswer(`no list of vectors${errorIn(answer)}`)
  if (list.length !== count) throw new WrongAnswer(`${list.length} vectors for ${count} inputs`)
  return list.map(readVector)
}
