/** Rows of one `/v1/embeddings` answer, in the order of the request's inputs. */
export interface EmbeddingsAnswer {
  readonly rows: readonly Float32Array[]
  /** `usage.prompt_tokens`; null when the server does not tell. */
  readonly tokenCount: number | null
}

/** What is wrong with an answer, in words for `SB-HTTP-004`. */
export class WrongAnswer extends Error {}

/**
 * Reads an answer and refuses whatever does not keep the contract: not JSON, a wrong count, a missing, doubled or strange
 * index, vectors of unequal or unexpected length, members that are not finite numbers. Base64 is little-endian float32.
 * @param expect inputs of the request, and the dimension where it is known
 * @throws WrongAnswer
 */
export function readEmbeddings(body: string, expect: { count: number; dim: number | null }): EmbeddingsAnswer {
  const answer = parse(body)
  const data = answer?.data
  if (!Array.isArray(data)) throw new WrongAnswer('no data array')
  if (data.length !== expect.count) throw new WrongAnswer(`${data.length} vectors for ${expect.count} inputs`)
  const rows: Float32Array[] = new Array(expect.count)
  let dim = expect.dim
  for (const item of data as { index?: unknown; embedding?: unknown }[]) {
    const index = item?.index
    if (typeof index !== 'number' || !Number.isInteger(index) || index < 0 || index >= expect.count)
      throw new WrongAnswer(`index ${JSON.stringify(index)} of ${expect.count} inputs`)
    if (rows[index] !== undefined) throw new WrongAnswer(`index ${index} stands twice`)
    const row = readVector(item.embedding, index)
    if (dim !== null && row.length !== dim) throw new WrongAnswer(`vector ${index} has ${row.length} dimensions, not ${dim}`)
    dim = row.length
    rows[index] = row
  }
  const usage = (answer?.usage as { prompt_tokens?: unknown } | undefined)?.prompt_tokens
  return { rows, tokenCount: typeof usage === 'number' && Number.isInteger(usage) && usage >= 0 ? usage : null }
}

function parse(body: string): { data?: unknown; usage?: unknown } | null {
  try {
    return JSON.parse(body) as { data?: unknown }
  } catch {
    throw new WrongAnswer('not JSON')
  }
}

function readVector(embedding: unknown, index: number): Float32Array {
  const row =
    typeof embedding === 'string' ? fromBase64(embedding, index) : Array.isArray(embedding) ? fromNumbers(embedding, index) : null
  if (row === null || row.length === 0) throw new WrongAnswer(`vector ${index} is no list of numbers`)
  for (let j = 0; j < row.length; j += 1)
    if (!Number.isFinite(row[j] as number)) throw new WrongAnswer(`vector ${index} is not finite`)
  return row
}

function fromNumbers(members: readonly unknown[], index: number): Float32Array {
  const row = new Float32Array(members.length)
  for (let j = 0; j < members.length; j += 1) {
    const member = members[j]
    if (typeof member !== 'number') throw new WrongAnswer(`vector ${index} is not finite: ${JSON.stringify(member)}`)
    row[j] = member
  }
  return row
}

function fromBase64(text: string, index: number): Float32Array {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length % 4 !== 0) throw new WrongAnswer(`vector ${index} is no base64 of float32`)
  const row = new Float32Array(bytes.length / 4)
  for (let j = 0; j < row.length; j += 1) row[j] = bytes.readFloatLE(4 * j)
  return row
}
