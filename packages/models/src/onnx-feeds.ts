import { SweepError } from '@sweepboard/contracts'
import * as ort from 'onnxruntime-node'

export type PaddingSide = 'left' | 'right'

/** Token ids of one batch, rows of any length; padding is done here. */
export interface TokenBatch {
  readonly ids: readonly (readonly number[])[]
  /** Segment of each token, for models with `token_type_ids`; zeros where absent. */
  readonly typeIds?: readonly (readonly number[])[] | undefined
  readonly padId: number
  readonly padding: PaddingSide
  /** Adapter of models with a `task_id` input (jina-embeddings-v3). */
  readonly adapter?: number | undefined
}

const TOKEN_INPUTS = ['input_ids', 'attention_mask', 'token_type_ids', 'position_ids']
/** How many last positions' logits a causal export computes. */
const LOGITS_KEPT = ['num_logits_to_keep', 'logits_to_keep']

export function isKnownInput(name: string): boolean {
  return [...TOKEN_INPUTS, ...LOGITS_KEPT, 'use_cache_branch', 'task_id'].includes(name) || name.startsWith('past_key_values')
}

/** Index of row's first real token in a row padded to `length`. */
export function firstReal(size: number, length: number, padding: PaddingSide): number {
  return padding === 'left' ? length - size : 0
}

/** Every input the session declares, for one batch; caches are empty. */
export function feedsOf(session: ort.InferenceSession, batch: TokenBatch): Record<string, ort.Tensor> {
  const rows = batch.ids.length
  const length = batch.ids.reduce((most, ids) => Math.max(most, ids.length), 0)
  const feeds: Record<string, ort.Tensor> = {}
  for (const meta of session.inputMetadata) feeds[meta.name] = feedOf(meta, { batch, rows, length })
  return feeds
}

interface BatchShape {
  readonly batch: TokenBatch
  readonly rows: number
  readonly length: number
}

function feedOf(meta: ort.InferenceSession.ValueMetadata, shape: BatchShape): ort.Tensor {
  const { batch, rows, length } = shape
  const { name } = meta
  const type = meta.isTensor ? meta.type : 'int64'
  if (name === 'use_cache_branch') return new ort.Tensor('bool', [false], [1])
  if (name.startsWith('past_key_values')) return emptyPast(meta, rows)
  if (LOGITS_KEPT.includes(name)) return scalar(meta, type, batch.padding === 'left' ? 1 : 0)
  if (name === 'task_id') return scalar(meta, type, adapterOf(batch))
  return integers(type, [rows, length], (write) => {
    batch.ids.forEach((ids, row) => {
      const start = firstReal(ids.length, length, batch.padding)
      for (let t = 0; t < length; t += 1) write(row * length + t, tokenValue(name, { batch, row, at: t - start }))
    })
  })
}

/** A member of a token input: `at` counts from the row's first real token; positions are max(cumsum(mask) - 1, 0). */
function tokenValue(name: string, place: { batch: TokenBatch; row: number; at: number }): number {
  const { batch, row, at } = place
  const ids = batch.ids[row] as readonly number[]
  if (name === 'input_ids') return ids[at] ?? batch.padId
  if (name === 'attention_mask') return at >= 0 && at < ids.length ? 1 : 0
  if (name === 'position_ids') return Math.max(0, Math.min(at, ids.length - 1))
  return batch.typeIds?.[row]?.[at] ?? 0
}

function adapterOf(batch: TokenBatch): number {
  if (batch.adapter !== undefined) return batch.adapter
  throw new SweepError('SB-MODEL-004', { model: 'this model', missing: 'adapter (the export has a task_id input)' })
}

/** Fills int64 through the low words of its buffer: a BigInt a token would cost more than the small models themselves. */
function integers(type: string, dims: readonly number[], fill: (write: (at: number, value: number) => void) => void): ort.Tensor {
  const size = dims.reduce((product, dim) => product * dim, 1)
  if (type === 'int32') {
    const data = new Int32Array(size)
    fill((at, value) => {
      data[at] = value
    })
    return new ort.Tensor('int32', data, dims)
  }
  const data = new BigInt64Array(size)
  const words = new Int32Array(data.buffer)
  fill((at, value) => {
    words[2 * at] = value
  })
  return new ort.Tensor('int64', data, dims)
}

function scalar(meta: ort.InferenceSession.ValueMetadata, type: string, value: number): ort.Tensor {
  const dims = meta.isTensor && meta.shape.length > 0 ? [1] : []
  return integers(type, dims, (write) => write(0, value))
}

/** An empty cache `[rows, heads, 0, headSize]`: heads and size are numbers in the model's own shape. */
function emptyPast(meta: ort.InferenceSession.ValueMetadata, rows: number): ort.Tensor {
  if (!meta.isTensor) throw new SweepError('SB-MODEL-002', { file: 'the model', message: `${meta.name} is no tensor` })
  const dims = meta.shape.map((axis, i) => (i === 0 ? rows : i === 2 ? 0 : typeof axis === 'number' ? axis : 1))
  return meta.type === 'float16'
    ? new ort.Tensor('float16', new Uint16Array(0), dims)
    : new ort.Tensor('float32', new Float32Array(0), dims)
}
