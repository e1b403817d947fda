import type { ChunkEvidence } from '@sweepboard/contracts'
import type { Handle } from './handle.ts'

/** Chunk evidence of one side, summed: of the original computation, however many cells use it. */
export interface EncodingEvidence {
  readonly encoding: number
  readonly chunkCount: number
  readonly hosts: readonly string[]
  readonly engines: readonly string[]
  readonly providers: readonly string[]
  readonly dtypes: readonly string[]
  readonly devices: readonly string[]
  readonly codes: readonly string[]
  readonly textCount: number
  readonly tokenCount: number
  readonly paddedTokenCount: number
  readonly truncatedCount: number
  readonly controlTokenCount: number
  readonly emptyTextCount: number
  readonly batchCount: number
  readonly splitCount: number
  /** Sum over chunks: seconds of compute. */
  readonly encodeSeconds: number
  /** Largest of any chunk: a model is loaded once per slot. */
  readonly loadSeconds: number
  readonly peakMemoryBytes: number
  readonly dim: number
  /** Milliseconds of single-query encodes; empty where nobody measured any. */
  readonly queryMs: readonly number[]
  /** Null where the weights lie elsewhere. */
  readonly weightsBytes: number | null
  /** Null where a chunk's could not be read. */
  readonly energyJoules: number | null
}

/** Kept in memory once every chunk has said its part: what is forgotten keeps it until it is complete again. */
export function encodingEvidence(h: Handle, encoding: number): EncodingEvidence {
  const known = h.encodingEvidence.get(encoding)
  if (known !== undefined) return known as EncodingEvidence
  const rows = h.all<{ evidence: string }>(
    'select evidence from chunk where encoding = ? and evidence is not null order by n',
    encoding,
  )
  const summed = sum(
    encoding,
    rows.map(({ evidence }) => JSON.parse(evidence) as ChunkEvidence),
  )
  if (!h.has('select 1 from chunk where encoding = ? and evidence is null limit 1', encoding))
    h.encodingEvidence.set(encoding, summed)
  return summed
}

function sum(encoding: number, parts: readonly ChunkEvidence[]): EncodingEvidence {
  const total = (value: (part: ChunkEvidence) => number) => parts.reduce((all, part) => all + value(part), 0)
  const most = (value: (part: ChunkEvidence) => number) => parts.reduce((top, part) => Math.max(top, value(part)), 0)
  const distinct = (value: (part: ChunkEvidence) => string) => [...new Set(parts.map(value))].sort()
  return {
    encoding,
    chunkCount: parts.length,
    hosts: distinct((part) => part.host),
    engines: distinct((part) => `${part.engine} ${part.engineVersion}`),
    providers: distinct((part) => part.provider),
    dtypes: distinct((part) => part.dtype),
    devices: distinct((part) => part.device),
    codes: distinct((part) => part.code),
    textCount: total((part) => part.textCount),
    tokenCount: total((part) => part.tokenCount),
    paddedTokenCount: total((part) => part.paddedTokenCount),
    truncatedCount: total((part) => part.truncatedCount),
    controlTokenCount: total((part) => part.controlTokenCount),
    emptyTextCount: total((part) => part.emptyTextCount),
    batchCount: total((part) => part.batchCount),
    splitCount: total((part) => part.splitCount),
    encodeSeconds: total((part) => part.encodeSeconds),
    loadSeconds: most((part) => part.loadSeconds),
    peakMemoryBytes: most((part) => part.peakMemoryBytes),
    dim: most((part) => part.dim),
    queryMs: parts.flatMap((part) => part.queryMs ?? []),
    weightsBytes: parts.some((part) => part.weightsBytes !== undefined) ? most((part) => part.weightsBytes ?? 0) : null,
    energyJoules:
      parts.length > 0 && parts.every((part) => part.energyJoules !== undefined) ? total((part) => part.energyJoules ?? 0) : null,
  }
}
