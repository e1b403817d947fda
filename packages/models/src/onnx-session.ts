import { join } from 'node:path'
import { SweepError } from '@sweepboard/contracts'
import * as ort from 'onnxruntime-node'

/** Token ids of one batch. */
export interface TokenBatch {
  readonly ids: readonly (readonly number[])[]
  readonly padId: number
}

/** What a batch came out as: token vectors `[rows, paddedLength, dim]`, or the model's own sentence vectors `[rows, dim]`. */
export interface SessionOutput {
  readonly values: Float32Array
  readonly dims: readonly number[]
}

const TOKEN_OUTPUTS = ['last_hidden_state', 'token_embeddings']
const SENTENCE_OUTPUTS = ['sentence_embedding', 'pooler_output']

/** An ONNX file in memory, on the CPU. `run` blocks the thread while it computes (onnxruntime-node is synchronous). */
export class OnnxSession {
  readonly version: string = ort.env.versions.node ?? ort.env.versions.common
  private readonly session: ort.InferenceSession
  private readonly inputs: ReadonlyMap<string, ort.InferenceSession.ValueMetadata>

  private constructor(session: ort.InferenceSession, file: string) {
    this.session = session
    this.inputs = new Map(session.inputMetadata.map((input) => [input.name, input]))
    const unknown = [...this.inputs.keys()].filter((name) => !isKnownInput(name))
    if (unknown.length > 0 || !this.inputs.has('input_ids')) {
      throw new SweepError('SB-MODEL-002', {
        file,
        message: `inputs ${[...this.inputs.keys()].join(', ')} are not those of an embedding model`,
      })
    }
  }

  /** @throws SweepError `SB-MODEL-002` when the file is damaged, cut, or wants inputs no embedding model has */
  static async open(folder: string, file: string, threads: number | undefined): Promise<OnnxSession> {
    try {
      const session = await ort.InferenceSession.create(join(folder, file), {
        executionProviders: ['cpu'],
        graphOptimizationLevel: 'all',
        logSeverityLevel: 4, // failures reach us as exceptions; stderr is for progress
        ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
      })
      return new OnnxSession(session, file)
    } catch (cause) {
      if (cause instanceof SweepError) throw cause
      throw new SweepError('SB-MODEL-002', { file, message: firstLine(cause) }, { cause })
    }
  }

  /** Runs one right-padded batch. Errors are onnxruntime's own; `kind` picks token vectors or the model's own output. */
  async run(batch: TokenBatch, kind: 'tokens' | 'sentence'): Promise<SessionOutput> {
    const rows = batch.ids.length
    const length = batch.ids.reduce((most, ids) => Math.max(most, ids.length), 0)
    const feeds: Record<string, ort.Tensor> = {}
    for (const [name, meta] of this.inputs) feeds[name] = this.feed(name, meta, { batch, rows, length })
    const name = this.outputName(kind)
    const output = (await this.session.run(feeds, [name]))[name] as ort.Tensor
    return { values: toFloat32(output), dims: output.dims }
  }

  async close(): Promise<void> {
    await this.session.release()
  }

  private outputName(kind: 'tokens' | 'sentence'): string {
    const names = kind === 'tokens' ? TOKEN_OUTPUTS : SENTENCE_OUTPUTS
    const rank = kind === 'tokens' ? 3 : 2
    const floats = this.session.outputMetadata.filter(
      (output) => output.isTensor && output.shape.length === rank && !output.name.startsWith('present'),
    )
    const found =
      names.find((name) => this.session.outputNames.includes(name)) ?? (floats.length === 1 ? floats[0]?.name : undefined)
    if (found === undefined)
      throw new SweepError('SB-MODEL-002', {
        file: 'the model',
        message: `no output with ${rank} axes among ${this.session.outputNames.join(', ')}`,
      })
    return found
  }

  private feed(name: string, meta: ort.InferenceSession.ValueMetadata, shape: BatchShape): ort.Tensor {
    const type = meta.isTensor ? meta.type : 'int64'
    if (name === 'use_cache_branch') return new ort.Tensor('bool', [false], [1])
    if (name.startsWith('past_key_values')) return emptyPast(meta, shape.rows)
    const { batch, rows, length } = shape
    return integers(type, [rows, length], (write) => {
      batch.ids.forEach((ids, row) => {
        for (let t = 0; t < length; t += 1)
          write(row * length + t, integerOf(name, { id: ids[t] ?? batch.padId, t, size: ids.length }))
      })
    })
  }
}

interface BatchShape {
  readonly batch: TokenBatch
  readonly rows: number
  readonly length: number
}

function isKnownInput(name: string): boolean {
  return (
    ['input_ids', 'attention_mask', 'token_type_ids', 'position_ids', 'use_cache_branch'].includes(name) ||
    name.startsWith('past_key_values')
  )
}

/** One member of an integer input at position `t` of a row with `size` real tokens; positions are max(cumsum(mask) - 1, 0). */
function integerOf(name: string, place: { id: number; t: number; size: number }): number {
  if (name === 'input_ids') return place.id
  if (name === 'attention_mask') return place.t < place.size ? 1 : 0
  return name === 'position_ids' ? Math.min(place.t, place.size - 1) : 0
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

/** An empty cache `[rows, heads, 0, headSize]`: heads and size are numbers in the model's own shape. */
function emptyPast(meta: ort.InferenceSession.ValueMetadata, rows: number): ort.Tensor {
  if (!meta.isTensor) throw new SweepError('SB-MODEL-002', { file: 'the model', message: `${meta.name} is no tensor` })
  const dims = meta.shape.map((axis, i) => (i === 0 ? rows : i === 2 ? 0 : typeof axis === 'number' ? axis : 1))
  return meta.type === 'float16'
    ? new ort.Tensor('float16', new Uint16Array(0), dims)
    : new ort.Tensor('float32', new Float32Array(0), dims)
}

function toFloat32(output: ort.Tensor): Float32Array {
  if (output.type === 'float32') return output.data as Float32Array
  if (output.type === 'float16') {
    const data = output.data as unknown as { buffer: ArrayBuffer; byteOffset: number; length: number }
    return Float32Array.from(new Float16Array(data.buffer, data.byteOffset, data.length))
  }
  throw new SweepError('SB-MODEL-002', { file: 'the model', message: `its output is ${output.type}, not float` })
}

export function firstLine(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0]?.slice(0, 300) ?? ''
}
