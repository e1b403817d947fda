import { type SideRecipe, SweepError } from '@sweepboard/contracts'
import type { BatchTarget } from './onnx-batch.ts'
import { firstReal, type PaddingSide } from './onnx-feeds.ts'
import type { OnnxSession } from './onnx-session.ts'
import { isFiniteRow, normalizeRows, poolTokens } from './pooling.ts'
import type { TokenizedText } from './text-tokenizer.ts'

/** Ids of a text every embedding model can take. */
const CANARY = [1, 2, 3]

/** Where the vectors of one side's texts are computed: pooled by mask and normalised as the side says. */
export function vectorTarget(given: {
  readonly session: OnnxSession
  readonly padId: number
  readonly padding: PaddingSide
  readonly side: SideRecipe
  readonly texts: readonly TokenizedText[]
  readonly dim: number
  /** `[texts.length, dim]`, written row by row. */
  readonly values: Float32Array
}): BatchTarget {
  const { session, padId, padding, side, texts, dim, values } = given
  const { pooling } = side
  const kind = pooling === 'none' ? 'sentence' : 'tokens'
  const adapter = side.adapter
  const rowOf = (row: number) => values.subarray(row * dim, (row + 1) * dim)
  const write = async (rows: readonly number[]) => {
    const ids = rows.map((row) => (texts[row] as TokenizedText).ids)
    const output = await session.run({ ids, padId, padding, adapter }, kind)
    const own = output.dims.at(-1) as number
    if (own !== dim) throw new SweepError('SB-MODEL-007', { message: `the model gave ${own} dimensions, ${dim} were planned` })
    const length = output.dims[1] as number
    const stride = pooling === 'none' ? dim : length * dim
    rows.forEach((row, i) => {
      const size = (ids[i] as readonly number[]).length
      const start = i * stride + (pooling === 'none' ? 0 : firstReal(size, length, padding) * dim)
      const target = rowOf(row)
      if (pooling === 'none') target.set(output.values.subarray(start, start + dim))
      else poolTokens(output.values.subarray(start, (i + 1) * stride), size, pooling, target)
      if (side.normalize) normalizeRows(target, dim)
    })
  }
  return {
    texts,
    write,
    isFinite: (row) => isFiniteRow(rowOf(row)),
    canary: async () => {
      await session.run({ ids: [CANARY], padId, padding, adapter }, kind)
    },
  }
}
