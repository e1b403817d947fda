import { SweepError } from './error.ts'

/** float32 rows, row-major `[rowCount, dim]`. */
export interface Vectors {
  readonly rowCount: number
  readonly dim: number
  readonly values: Float32Array<ArrayBuffer>
}

const MAGIC = 0x31764253 // "SBv1", little-endian
const HEADER_BYTES = 16

/** The bytes of a vector artifact: "SBv1", rowCount, dim, 0 (uint32 little-endian each), then little-endian float32. */
export function writeVectors(vectors: Vectors): Uint8Array<ArrayBuffer> {
  if (vectors.values.length !== vectors.rowCount * vectors.dim) throw new RangeError('rowCount x dim does not match')
  const bytes = new Uint8Array(HEADER_BYTES + vectors.values.byteLength)
  const head = new Uint32Array(bytes.buffer, 0, 4)
  head.set([MAGIC, vectors.rowCount, vectors.dim, 0])
  new Float32Array(bytes.buffer, HEADER_BYTES).set(vectors.values)
  return bytes
}

/** The vectors of an artifact's bytes, a view where alignment allows. Throws `SB-SCORE-002` on anything else. */
export function readVectors(bytes: Uint8Array): Vectors {
  const own = bytes.byteOffset % 4 === 0 && bytes.buffer instanceof ArrayBuffer ? bytes : new Uint8Array(bytes)
  if (own.byteLength < HEADER_BYTES) throw new SweepError('SB-SCORE-002', { message: 'not a vector file' })
  const head = new Uint32Array(own.buffer, own.byteOffset, 4)
  const [magic, rowCount = 0, dim = 0] = head
  if (magic !== MAGIC || own.byteLength !== HEADER_BYTES + rowCount * dim * 4) {
    throw new SweepError('SB-SCORE-002', { message: 'not a vector file, or cut' })
  }
  const values = new Float32Array(own.buffer as ArrayBuffer, own.byteOffset + HEADER_BYTES, rowCount * dim)
  return { rowCount, dim, values }
}
