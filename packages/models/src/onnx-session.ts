import { join } from 'node:path'
import { SweepError } from '@sweepboard/contracts'
import * as ort from 'onnxruntime-node'
import { feedsOf, isKnownInput, type TokenBatch } from './onnx-feeds.ts'
import { findOutput, type OutputKind, ranksOf } from './onnx-outputs.ts'
import { openSession } from './onnx-provider.ts'
import type { Provider } from './onnx-provider-name.ts'

/** Token vectors `[rows, paddedLength, dim]`, the model's own sentence vectors `[rows, dim]`, or logits of either rank. */
export interface SessionOutput {
  readonly values: Float32Array
  readonly dims: readonly number[]
}

/** An ONNX file in memory. `run` blocks the thread while it computes (onnxruntime-node is synchronous). */
export class OnnxSession {
  readonly version: string = ort.env.versions.node ?? ort.env.versions.common
  readonly provider: Provider
  private readonly session: ort.InferenceSession
  private readonly file: string

  private constructor(session: ort.InferenceSession, file: string, provider: Provider) {
    this.session = session
    this.file = file
    this.provider = provider
    const names = session.inputMetadata.map((input) => input.name)
    if (!names.includes('input_ids') || !names.every(isKnownInput))
      throw this.fault(`inputs ${names.join(', ')} are not those of an embedding model or reranker`)
  }

  /**
   * @throws SweepError `SB-MODEL-002` when the file is damaged, cut, or wants inputs no such model has; `SB-MODEL-011` when
   *   the provider is not here or leaves matrix products to the CPU
   */
  static async open(given: {
    folder: string
    file: string
    threads?: number | undefined
    provider?: Provider | undefined
  }): Promise<OnnxSession> {
    const provider = given.provider ?? 'cpu'
    const session = await openSession({
      path: join(given.folder, given.file),
      file: given.file,
      threads: given.threads,
      provider,
    })
    try {
      return new OnnxSession(session, given.file, provider)
    } catch (thrown) {
      await session.release()
      throw thrown
    }
  }

  /** Runs one batch. Errors are onnxruntime's own. */
  async run(batch: TokenBatch, kind: OutputKind): Promise<SessionOutput> {
    const name = this.outputName(kind)
    const output = (await this.session.run(feedsOf(this.session, batch), [name]))[name] as ort.Tensor
    return { values: this.toFloat32(output), dims: output.dims }
  }

  async close(): Promise<void> {
    await this.session.release()
  }

  /** Whether the model has an output of this kind. */
  gives(kind: OutputKind): boolean {
    return this.ownOutput(kind) !== undefined
  }

  private outputName(kind: OutputKind): string {
    const found = this.ownOutput(kind)
    if (found !== undefined) return found
    throw this.fault(`no output with ${ranksOf(kind).join(' or ')} axes among ${this.session.outputNames.join(', ')}`)
  }

  private ownOutput(kind: OutputKind): string | undefined {
    const outputs = this.session.outputMetadata.map((output) => ({
      name: output.name,
      axes: output.isTensor ? output.shape.map((axis) => (typeof axis === 'number' ? axis : null)) : [],
    }))
    return findOutput(outputs, kind)?.name
  }

  private toFloat32(output: ort.Tensor): Float32Array {
    if (output.type === 'float32') return output.data as Float32Array
    if (output.type === 'float16') {
      const data = output.data as unknown as { buffer: ArrayBuffer; byteOffset: number; length: number }
      return Float32Array.from(new Float16Array(data.buffer, data.byteOffset, data.length))
    }
    throw this.fault(`its output is ${output.type}, not float`)
  }

  private fault(message: string): SweepError {
    return new SweepError('SB-MODEL-002', { file: this.file, message })
  }
}
