import { InferenceSession, Tensor } from 'onnxruntime-node'
import { codesGraph, gemmGraph } from './gemm-graph.ts'
import type { Operand } from './kernel-rows.ts'

/** A matrix of float32 rows, row-major `[rowCount, dim]`; `values` may be longer than the matrix. */
export interface Matrix {
  readonly values: Float32Array
  readonly rowCount: number
  readonly dim: number
}

/** Where products go, `[query, document]`, row-major. */
export interface ProductRoom {
  floats(region: 'products', length: number): Float32Array
  integers(region: 'products', length: number): Int32Array
}

/** In which of the two readings of the room the products stand. */
export type ProductKind = 'floats' | 'integers'

/** Threads that wait for the next product sleep: spinning takes the core from the selection and from other programs. */
const QUIET = { session: { intra_op: { allow_spinning: '0' } } }
/** Zero of codes in bytes. */
const ZERO = new Tensor('uint8', Uint8Array.of(128), [])

/**
 * The products of query rows and document rows, by ONNX Runtime on the CPU: float32 rows in float32, codes exactly in 32-bit
 * integers. `run()` of onnxruntime-node blocks the thread, so this belongs in a child.
 */
export class Product {
  private readonly floats: InferenceSession
  private readonly codes: InferenceSession

  private constructor(floats: InferenceSession, codes: InferenceSession) {
    this.floats = floats
    this.codes = codes
  }

  static async open(): Promise<Product> {
    const open = (graph: Uint8Array) => InferenceSession.create(graph, { executionProviders: ['cpu'], extra: QUIET })
    return new Product(await open(gemmGraph()), await open(codesGraph()))
  }

  /** Without the factors of the rows. Both sides are float32 or both are codes. */
  async multiply(queries: Operand, documents: Operand, room: ProductRoom): Promise<ProductKind> {
    const shape = [queries.rowCount, documents.rowCount]
    const size = queries.rowCount * documents.rowCount
    const inputs = { queries: tensorOf(queries), documents: tensorOf(documents) }
    if (documents.values instanceof Float32Array) {
      await runInto(this.floats, inputs, new Tensor('float32', room.floats('products', size), shape))
      return 'floats'
    }
    await runInto(this.codes, { ...inputs, zero: ZERO }, new Tensor('int32', room.integers('products', size), shape))
    return 'integers'
  }

  async close(): Promise<void> {
    await Promise.all([this.floats.release(), this.codes.release()])
  }
}

/**
 * onnxruntime-node writes into `scores` and hands out a copy of it all the same. Given back at once: left to the garbage
 * collector, copies of this size bring one collection for every ten products and a page fault for every page.
 */
async function runInto(session: InferenceSession, inputs: Record<string, Tensor>, scores: Tensor): Promise<void> {
  const copy = (await session.run(inputs, { scores })).scores?.data
  if (copy === scores.data || !ArrayBuffer.isView(copy)) return
  if (copy.buffer instanceof ArrayBuffer) copy.buffer.transfer(0)
}

function tensorOf({ values, rowCount, dim }: Operand): Tensor {
  const own = values.subarray(0, rowCount * dim)
  return own instanceof Float32Array ? new Tensor('float32', own, [rowCount, dim]) : new Tensor('uint8', own, [rowCount, dim])
}
