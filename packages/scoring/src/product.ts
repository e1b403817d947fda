import { availableParallelism } from 'node:os'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { codesGraph, gemmGraph } from './gemm-graph.ts'
import { filledUp } from './kernel-memory.ts'
import type { Operand } from './kernel-rows.ts'
import type { Part, RowKernels } from './row-kernels.ts'
import { SCANNED_AT_ONCE } from './scan-code.ts'

/** A matrix of float32 rows, row-major `[rowCount, dim]`; `values` may be longer than the matrix. */
export interface Matrix {
  readonly values: Float32Array
  readonly rowCount: number
  readonly dim: number
}

/** Codes of queries as their products want them: `[dim, query]`, the number of queries filled up to a multiple of 16. */
export interface TurnedCodes {
  readonly values: Int8Array | Uint8Array
  readonly rowCount: number
  readonly dim: number
}

/** Threads that wait for the next product sleep: spinning takes the core from the selection and from other programs. */
const QUIET = { session: { intra_op: { allow_spinning: '0' } } }
/** Columns that ONNX Runtime multiplies before it adds their sum to the product: a step of a chain of products is a multiple of them. */
export const CHAIN_COLUMNS = 128
/** Rows per thread from which on a product has the same bits whether one thread makes it or all, and whether at once or in a chain. */
export const ROWS_PER_THREAD = 128
/** Threads of a product at most: so that those of a whole block have `ROWS_PER_THREAD` rows each. */
export const MOST_THREADS = Math.min(availableParallelism(), 8)
/** Products that nobody uses: opening one costs as much as some blocks. */
const waiting: Product[] = []
const MOST_WAITING = 2
/** Zero of codes in bytes. */
const ZERO = new Tensor('uint8', Uint8Array.of(128), [])

/**
 * The products of query rows and document rows, by ONNX Runtime on the CPU: float32 rows in float32, codes exactly in 32-bit
 * integers. `run()` of onnxruntime-node blocks the thread, so this belongs in a child.
 */
export class Product {
  /**
   * Whether products added up over the columns, `CHAIN_COLUMNS` or a multiple at a time, have the bits of those that are made at once, of
   * `ROWS_PER_THREAD` documents or more per thread and more than one query; tried on this processor.
   */
  readonly chains: boolean
  private readonly floats: InferenceSession
  private readonly adding: InferenceSession
  private readonly codes: InferenceSession
  private readonly signed: boolean

  private readonly threads: number

  private constructor({ floats, adding, chains }: Floats, { codes, signed, threads }: Codes) {
    this.floats = floats
    this.adding = adding
    this.chains = chains
    this.codes = codes
    this.signed = signed
    this.threads = threads
  }

  /**
   * `signed`: whether codes of queries are int8. Left out, it is tried whether this processor multiplies them exactly. `threads`: left out, one
   * per core up to `MOST_THREADS`.
   */
  static async open({ signed, threads = MOST_THREADS }: { signed?: boolean; threads?: number } = {}): Promise<Product> {
    const at = signed === undefined ? waiting.findIndex((product) => product.threads === threads) : -1
    const [known] = at < 0 ? [] : waiting.splice(at, 1)
    if (known) return known
    const options = { executionProviders: ['cpu'], extra: QUIET, intraOpNumThreads: threads }
    const open = (graph: Uint8Array) => InferenceSession.create(graph, options)
    const [multiplying, adding] = [await open(gemmGraph(false)), await open(gemmGraph(true))]
    const chains = await chainsWith(multiplying, adding, threads)
    const fast = signed === false ? null : await open(codesGraph('int8'))
    const floats = { floats: multiplying, adding, chains }
    if (fast && (signed || (await isExact(fast)))) return new Product(floats, { codes: fast, signed: true, threads })
    await fast?.release()
    return new Product(floats, { codes: await open(codesGraph('uint8')), signed: false, threads })
  }

  /** Of float32 rows: `products` of the kernels become `[query, document]`; with `adds`, those of these columns are added to what is there. */
  async multiply(queries: Matrix, documents: Matrix, kernels: RowKernels, adds = false): Promise<void> {
    const size = queries.rowCount * documents.rowCount
    const scores = new Tensor('float32', kernels.floats('products', size), [queries.rowCount, documents.rowCount])
    const sides = { queries: tensorOf(queries), documents: tensorOf(documents) }
    await (adds ? runInto(this.adding, { ...sides, before: scores }, scores) : runInto(this.floats, sides, scores))
  }

  /** Of codes, with some of the documents, `SCANNED_ROWS` or fewer: `integers` of the kernels become `[document, query]`. Exact. */
  async multiplyCodes(
    queries: TurnedCodes,
    { values, dim }: Operand,
    { first, count }: Part,
    kernels: RowKernels,
  ): Promise<void> {
    const turned = new Tensor(this.signed ? 'int8' : 'uint8', queries.values, [queries.dim, queries.rowCount])
    const documents = new Tensor('uint8', values.subarray(first * dim, (first + count) * dim) as Uint8Array, [count, dim])
    const integers = kernels.integers('integers', count * queries.rowCount)
    const scores = new Tensor('int32', integers, [count, queries.rowCount])
    await runInto(this.codes, { queries: turned, documents, zero: ZERO }, scores)
  }

  /** Rows `first` to before `first + count` of codes + 128. */
  turned({ values, dim }: Operand, first: number, count: number): TurnedCodes {
    const rowCount = filledUp(count)
    const turned = this.signed ? new Int8Array(dim * rowCount) : new Uint8Array(dim * rowCount).fill(128)
    const zero = this.signed ? 128 : 0
    for (let row = 0; row < count; row++) {
      for (let i = 0; i < dim; i++) turned[i * rowCount + row] = (values[(first + row) * dim + i] as number) - zero
    }
    return { values: turned, rowCount, dim }
  }

  /** Keeps it for who opens one next, of which there are few at a time. */
  async close(): Promise<void> {
    if (waiting.length < MOST_WAITING) waiting.push(this)
    else await Promise.all([this.floats, this.adding, this.codes].map((session) => session.release()))
  }
}

/**
 * onnxruntime-node writes into `scores` and hands out a copy of it all the same. Given back at once: left to the garbage
 * collector, copies of this size bring one collection for every ten products and a page fault for every page.
 */
async function runInto(session: InferenceSession, inputs: Record<string, Tensor>, scores: Tensor): Promise<void> {
  const copy = (await session.run(inputs, { scores })).scores?.data
  if (!ArrayBuffer.isView(copy) || copy.buffer === (scores.data as Float32Array | Int32Array).buffer) return
  if (copy.buffer instanceof ArrayBuffer) copy.buffer.transfer(0)
}

/** Some processors without VNNI add products of uint8 and int8 in 16 bits, where full-range codes overflow. */
async function isExact(session: InferenceSession): Promise<boolean> {
  const [rows, dim] = [3, 64]
  const documents = new Tensor('uint8', new Uint8Array(rows * dim).fill(255), [rows, dim])
  const ends = Int8Array.from({ length: dim * SCANNED_AT_ONCE }, (_, i) => (i % 2 === 0 ? -128 : 127))
  const queries = new Tensor('int8', ends, [dim, SCANNED_AT_ONCE])
  const scores = (await session.run({ queries, documents, zero: ZERO })).scores?.data as Int32Array
  return scores.every((score, i) => score === 127 * dim * (i % 2 === 0 ? -128 : 127))
}

interface Codes {
  readonly codes: InferenceSession
  readonly signed: boolean
  readonly threads: number
}

interface Floats {
  readonly floats: InferenceSession
  readonly adding: InferenceSession
  readonly chains: boolean
}

/** By number of threads, whether products chain on this processor: tried once. */
const chained = new Map<number, boolean>()

async function chainsWith(floats: InferenceSession, adding: InferenceSession, threads: number): Promise<boolean> {
  const known = chained.get(threads) ?? (await isChained(floats, adding, ROWS_PER_THREAD * threads))
  chained.set(threads, known)
  return known
}

/** Products of two queries and of some, whose sums have other last bits in any other order of additions. */
async function isChained(floats: InferenceSession, adding: InferenceSession, documentCount: number): Promise<boolean> {
  const dim = 3 * CHAIN_COLUMNS
  const columns = (rowCount: number, from: number, to: number): Tensor => {
    const values = new Float32Array(rowCount * (to - from))
    for (let i = 0; i < values.length; i++) {
      const at = Math.floor(i / (to - from)) * dim + from + (i % (to - from))
      values[i] = (Math.imul(at + 7, 0x9e3779b1) >> 8) / 2 ** (20 + (at % 5))
    }
    return new Tensor('float32', values, [rowCount, to - from])
  }
  for (const queryCount of [2, 5]) {
    const product = async (session: InferenceSession, [from, to]: readonly [number, number], before?: Tensor) => {
      const sides = { queries: columns(queryCount, from, to), documents: columns(documentCount, from, to) }
      return (await session.run({ ...sides, ...(before ? { before } : {}) })).scores as Tensor
    }
    const whole = await product(floats, [0, dim])
    const sum = await product(adding, [CHAIN_COLUMNS, dim], await product(floats, [0, CHAIN_COLUMNS]))
    if (!(whole.data as Float32Array).every((value, i) => value === sum.data[i])) return false
  }
  return true
}

function tensorOf({ values, rowCount, dim }: Matrix): Tensor {
  return new Tensor('float32', values.subarray(0, rowCount * dim), [rowCount, dim])
}
