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
