/** Bytes of a parameter by dtype; the four-bit forms carry their scales. */
const BYTES: Readonly<Record<string, number>> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int8: 1,
  uint8: 1,
  q4: 0.6,
  q4f16: 0.6,
  bnb4: 0.6,
  fp8: 1,
  awq: 0.6,
  gptq: 0.6,
  bitsandbytes: 0.6,
}

/** What an engine keeps beside the weights: a share of them, and a fixed part for runtime, tokenizer and activations. */
interface Overhead {
  readonly share: number
  readonly fixedBytes: number
}
const MIB = 2 ** 20
const ENGINES: Readonly<Record<string, Overhead>> = {
  onnx: { share: 0.3, fixedBytes: 256 * MIB },
  openai: { share: 0.2, fixedBytes: 1024 * MIB },
  tei: { share: 0.2, fixedBytes: 512 * MIB },
  ollama: { share: 0.2, fixedBytes: 512 * MIB },
}

/** Bytes of the weights of a model; null for a dtype nothing is known of. */
export function weightBytes(parameters: number, dtype: string): number | null {
  const bytes = BYTES[dtype]
  return bytes === undefined ? null : Math.ceil(parameters * bytes)
}

/**
 * Memory a model needs while it is served, in bytes, weights included: an estimate for choosing a host, not a measurement.
 * Null for a dtype or engine nothing is known of.
 */
export function servedBytes(weights: number, engine: string): number | null {
  const overhead = ENGINES[engine]
  return overhead === undefined ? null : Math.ceil((1 + overhead.share) * weights) + overhead.fixedBytes
}

/** Bytes of keys and values a token of the recipe book's largest decoders takes (36 layers of 8 heads of 128, half precision). */
const DECODER_TOKEN_BYTES = 2 * 36 * 8 * 128 * 2

/** What a launched server's need of memory is made of. */
export interface ServedParts {
  readonly weightBytes: number
  readonly overheadBytes: number
  /** Whether it keeps keys and values of every token it reads. */
  readonly isDecoder: boolean
  /** Bytes of them a token; the recipe book's largest where nobody says. */
  readonly tokenBytes: number | null
  /** Longest text, in tokens; null where nobody says. */
  readonly maxTokens: number | null
}

/** Memory a launched server needs at least, in bytes: weights and a tenth, one longest text, its own overhead. An estimate. */
export function launchedBytes(parts: ServedParts): number {
  const cache = parts.isDecoder ? (parts.tokenBytes ?? DECODER_TOKEN_BYTES) * (parts.maxTokens ?? 0) : 0
  return Math.ceil(1.1 * parts.weightBytes + cache + parts.overheadBytes)
}
