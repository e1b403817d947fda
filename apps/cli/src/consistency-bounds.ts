/** What two engines must reach, by the coarser of their two weight types. */
export interface ConsistencyBound {
  /** Least mean cosine over the texts. */
  readonly mean: number
  /** Least cosine of any single text. */
  readonly worst: number
  /** Rerankers: least composite (mean of Pearson, Spearman, Kendall and top-1 agreement). */
  readonly composite: number
}

/** Why these numbers: docs/decisions/0011-consistency-bounds.md. Finest type first. */
export const CONSISTENCY_BOUNDS = {
  fp32: { mean: 0.9999, worst: 0.999, composite: 0.995 },
  fp16: { mean: 0.9995, worst: 0.995, composite: 0.98 },
  bf16: { mean: 0.998, worst: 0.98, composite: 0.95 },
  int8: { mean: 0.98, worst: 0.9, composite: 0.9 },
  q4: { mean: 0.93, worst: 0.75, composite: 0.8 },
} as const satisfies Record<string, ConsistencyBound>
export type WeightType = keyof typeof CONSISTENCY_BOUNDS
export const WEIGHT_TYPES = Object.keys(CONSISTENCY_BOUNDS) as readonly WeightType[]

/** A server that does not say what its weights are: most serve bfloat16. */
const UNKNOWN: WeightType = 'bf16'

const NAMES: readonly (readonly [RegExp, WeightType])[] = [
  [/^(fp32|float32|f32)$/, 'fp32'],
  [/^(fp16|float16|f16|half)$/, 'fp16'],
  [/^(bf16|bfloat16)$/, 'bf16'],
  [/^(u?int8|q8(_0)?|quantized|fp8.*|float8.*)$/, 'int8'],
  [/^(q4.*|bnb4|int4|uint4|awq|gptq|q5.*|q6.*)$/, 'q4'],
]

/** The coarser of two types as engines name them, and whether it was said by both. */
export function judgedType(dtypes: readonly [string, string]): { readonly type: WeightType; readonly isSaid: boolean } {
  const known = dtypes.map((dtype) => NAMES.find(([pattern]) => pattern.test(dtype.toLowerCase()))?.[1])
  const places = known.map((type) => WEIGHT_TYPES.indexOf(type ?? UNKNOWN))
  return { type: WEIGHT_TYPES[Math.max(...places)] as WeightType, isSaid: known.every((type) => type !== undefined) }
}
