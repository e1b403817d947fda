import type { Digest } from './digest.ts'
import { isDigest, sha256 } from './digest.ts'
import { SweepError } from './error.ts'
import type { TextSetRef } from './plan.ts'
import { chunkBounds } from './text-set.ts'

/** Version of pair-set bytes: part of every pair set's digest. */
const MAGIC = new TextEncoder().encode('sweepboard-pairs-1\n')
const DIGEST_BYTES = 32
const PAIR_BYTES = 8
const HEADER_BYTES = MAGIC.length + 2 * DIGEST_BYTES

/** Pairs to be scored: rows of two text sets, which travel as artifacts of their own. */
export interface PairSet {
  readonly queries: Digest
  readonly documents: Digest
  /** `[pairs]` row of the query text set. */
  readonly queryRows: Uint32Array
  /** `[pairs]` row of the document text set. */
  readonly documentRows: Uint32Array
}

/**
 * The bytes of a pair set: the version line, both digests (32 bytes each), then per pair two uint32 (little-endian): query row,
 * document row. Its SHA-256 names it; a pair set is an artifact, and its chunks are leased and committed like those of a text set.
 */
export function writePairSet({ queries, documents, queryRows, documentRows }: PairSet): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + queryRows.length * PAIR_BYTES)
  bytes.set(MAGIC)
  bytes.set(Buffer.from(queries, 'hex'), MAGIC.length)
  bytes.set(Buffer.from(documents, 'hex'), MAGIC.length + DIGEST_BYTES)
  const view = new DataView(bytes.buffer, HEADER_BYTES)
  queryRows.forEach((row, i) => {
    view.setUint32(i * PAIR_BYTES, row, true)
    view.setUint32(i * PAIR_BYTES + 4, documentRows[i] as number, true)
  })
  return bytes
}

/** Whether an artifact says that it is a pair set. */
export function isPairSet(bytes: Uint8Array): boolean {
  return bytes.length >= MAGIC.length && MAGIC.every((byte, i) => bytes[i] === byte)
}

/** The pairs of `writePairSet`'s bytes. Throws `SB-ART-002` when the bytes are not a pair set. */
export function readPairSet(bytes: Uint8Array): PairSet {
  const size = bytes.length - HEADER_BYTES
  if (!isPairSet(bytes) || size < 0 || size % PAIR_BYTES !== 0)
    throw new SweepError('SB-ART-002', { digest: sha256(bytes), found: 'not a pair set' })
  const hex = (from: number) => Buffer.from(bytes.subarray(from, from + DIGEST_BYTES)).toString('hex')
  const view = new DataView(bytes.buffer, bytes.byteOffset + HEADER_BYTES)
  const count = size / PAIR_BYTES
  const queryRows = new Uint32Array(count)
  const documentRows = new Uint32Array(count)
  for (let i = 0; i < count; i += 1) {
    queryRows[i] = view.getUint32(i * PAIR_BYTES, true)
    documentRows[i] = view.getUint32(i * PAIR_BYTES + 4, true)
  }
  return { queries: hex(MAGIC.length), documents: hex(MAGIC.length + DIGEST_BYTES), queryRows, documentRows }
}

/** What the ledger keeps of a pair set. Chunks are cut by the UTF-8 bytes of both texts of a pair, by the rule of text sets. */
export function pairSetRef(pairs: PairSet, queryBytes: readonly number[], documentBytes: readonly number[]): TextSetRef {
  if (!isDigest(pairs.queries) || !isDigest(pairs.documents)) throw new TypeError('a pair set names two digests')
  const lengths = Array.from(
    pairs.queryRows,
    (row, i) => (queryBytes[row] as number) + (documentBytes[pairs.documentRows[i] as number] as number),
  )
  const bounds = chunkBounds(lengths)
  return {
    digest: sha256(writePairSet(pairs)),
    count: lengths.length,
    bytes: lengths.reduce((sum, length) => sum + length, 0),
    bounds: bounds.map(({ start, end }) => [start, end] as const),
    chunkBytes: bounds.map(({ start, end }) => lengths.slice(start, end).reduce((sum, length) => sum + length, 0)),
  }
}
