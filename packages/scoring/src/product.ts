import { InferenceSession, Tensor } from 'onnxruntime-node'
import { gemmGraph } from './gemm-graph.ts'

/** A matrix of float32 rows, row-major `[rowCount, dim]`; `values` may be longer than the matrix. */
export interface Matrix {
  readonly values: Float32Array
  readonly rowCount: number
  readonly dim: number
}

/**
 * The float32 product of query rows and document rows, by ONNX Runtime on the CPU. One output buffer is kept for all
 * calls: a result is valid until the next call. `run()` of onnxruntime-node blocks the thread, so this belongs in a child.
 */
export class Product {
  private readonly session: InferenceSession
  private output = new Float32Array(0)

  private constructor(session: InferenceSession) {
    this.session = session
  }

  static async open(): Promise<Product> {
    return new Product(await InferenceSession.create(gemmGraph(), { executionProviders: ['cpu'] }))
  }

  /** Scores `[query, document]`, row-major, as a view of the kept buffer. */
  async multiply(queries: Matrix, documents: Matrix): Promise<Float32Array> {
    const size = queries.rowCount * documents.rowCount
    if (this.output.length < size) this.output = new Float32Array(size)
    const scores = this.output.subarray(0, size)
    await this.session.run(
      { queries: tensorOf(queries), documents: tensorOf(documents) },
      { scores: new Tensor('float32', scores, [queries.rowCount, documents.rowCount]) },
    )
    return scores
  }

  async close(): Promise<void> {
    await this.session.release()
  }
}

function tensorOf({ values, rowCount, dim }: Matrix): Tensor {
  return new Tensor('float32', values.subarray(0, rowCount * dim), [rowCount, dim])
}
