import type { Digest } from './digest.ts'
import { sha256 } from './digest.ts'
import { SweepError } from './error.ts'

/** Version of text-set bytes and chunk rule: part of every text set's digest. */
const MAGIC = new TextEncoder().encode('sweepboard-texts-1\n')
export const CHUNK_MAX_TEXTS = 1024
export const CHUNK_MAX_BYTES = 256 * 1024

/** A fixed range `[start, end)` of a text set. */
export interface ChunkBounds {
  readonly n: number
  readonly start: number
  readonly end: number
}

/**
 * The bytes of a text set: the version line, then for each text its UTF-8 length (uint32, little-endian) and its UTF-8.
 * The SHA-256 of these bytes is the text set's digest, so a text set is an artifact named by its own digest.
 */
export function writeTextSet(texts: readonly string[]): Uint8Array<ArrayBuffer> {
  const parts = texts.map((text) => Buffer.from(text, 'utf8'))
  const size = parts.reduce((sum, part) => sum + 4 + part.length, MAGIC.length)
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  bytes.set(MAGIC)
  let at = MAGIC.length
  for (const part of parts) {
    view.setUint32(at, part.length, true)
    bytes.set(part, at + 4)
    at += 4 + part.length
  }
  return bytes
}

/** The texts of `writeTextSet`'s bytes. Throws `SB-ART-002` when the bytes are not a text set. */
export function readTextSet(bytes: Uint8Array): string[] {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  return Array.from(textRanges(bytes), ({ start, end }) => decoder.decode(bytes.subarray(start, end)))
}

function* textRanges(bytes: Uint8Array): Generator<{ start: number; end: number }> {
  const refuse = (found: string) => new SweepError('SB-ART-002', { digest: sha256(bytes), found })
  if (bytes.length < MAGIC.length || MAGIC.some((byte, i) => bytes[i] !== byte)) throw refuse('not a text set')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = MAGIC.length
  while (at < bytes.length) {
    if (at + 4 > bytes.length) throw refuse('cut')
    const length = view.getUint32(at, true)
    if (at + 4 + length > bytes.length) throw refuse('cut')
    yield { start: at + 4, end: at + 4 + length }
    at += 4 + length
  }
}

/** UTF-8 length of each text of `writeTextSet`'s bytes, without reading the texts. Throws `SB-ART-002` as `readTextSet` does. */
export function textSetLengths(bytes: Uint8Array): number[] {
  return [...textRanges(bytes)].map(({ end, start }) => end - start)
}

export function textSetDigest(texts: readonly string[]): Digest {
  return sha256(writeTextSet(texts))
}

/**
 * The chunks of a text set, from the UTF-8 byte lengths of its texts: a greedy cut that closes before the text that would
 * exceed 1,024 texts or 256 KiB, at least one text each. A function of the texts alone, so the same on every fleet.
 */
export function chunkBounds(byteLengths: readonly number[]): ChunkBounds[] {
  const chunks: ChunkBounds[] = []
  let start = 0
  let bytes = 0
  byteLengths.forEach((length, i) => {
    if (i > start && (i - start >= CHUNK_MAX_TEXTS || bytes + length > CHUNK_MAX_BYTES)) {
      chunks.push({ n: chunks.length, start, end: i })
      start = i
      bytes = 0
    }
    bytes += length
  })
  if (byteLengths.length > start) chunks.push({ n: chunks.length, start, end: byteLengths.length })
  return chunks
}
