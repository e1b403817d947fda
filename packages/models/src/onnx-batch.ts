import { type SideRecipe, SweepError } from '@sweepboard/contracts'
import { firstLine, type OnnxSession } from './onnx-session.ts'
import { isFiniteRow, normalizeRows, poolTokens } from './pooling.ts'
import type { TokenizedText } from './text-tokenizer.ts'

/** A short text every embedding model can take: it tells a text's fault from the engine's. */
const CANARY = [1, 2, 3]

export interface BatchRun {
  readonly session: OnnxSession
  readonly padId: number
  readonly side: SideRecipe
  readonly texts: readonly TokenizedText[]
  readonly dim: number
  /** `[texts.length, dim]`, written row by row. */
  readonly values: Float32Array
  /** Cuts made because memory ran out. */
  splitCount: number
}

/**
 * Encodes the texts `rows` of `run.texts` in one batch and writes their vectors. A batch that fails is halved: for want of
 * memory (counted), or to find the text at fault, which must fail twice alone.
 * @throws SweepError `SB-MODEL-005`, `SB-MODEL-006`, `SB-MODEL-010` (with `details.text`), `SB-MODEL-007`
 */
export async function runBatch(run: BatchRun, rows: readonly number[]): Promise<void> {
  try {
    await writeVectors(run, rows)
  } catch (thrown) {
    if (thrown instanceof SweepError) throw thrown
    await bisect(run, rows, thrown)
    return
  }
  for (const row of rows) if (!isFiniteRow(rowOf(run, row))) await repeatNonFinite(run, row)
}

async function bisect(run: BatchRun, rows: readonly number[], thrown: unknown): Promise<void> {
  const isMemory = /bad.?alloc|out of memory|failed to allocate|allocation/i.test(firstLine(thrown))
  if (rows.length > 1) {
    if (isMemory) run.splitCount += 1
    const middle = rows.length >> 1
    await runBatch(run, rows.slice(0, middle))
    await runBatch(run, rows.slice(middle))
    return
  }
  const text = rows[0] as number
  if (isMemory) throw new SweepError('SB-MODEL-010', { text, tokens: run.texts[text]?.ids.length }, { cause: thrown })
  try {
    await writeVectors(run, rows)
  } catch (again) {
    await checkCanary(run)
    throw new SweepError('SB-MODEL-006', { text, message: firstLine(again) }, { cause: again })
  }
}

/** A non-finite row may be a batch-mate's doing: it counts against the text only when it comes out so twice alone. */
async function repeatNonFinite(run: BatchRun, row: number): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    await writeVectors(run, [row])
    if (isFiniteRow(rowOf(run, row))) return
  }
  throw new SweepError('SB-MODEL-005', { text: row })
}

async function checkCanary(run: BatchRun): Promise<void> {
  try {
    await run.session.run({ ids: [CANARY], padId: run.padId }, outputKind(run.side))
  } catch (cause) {
    throw new SweepError('SB-MODEL-007', { message: firstLine(cause) }, { cause })
  }
}

async function writeVectors(run: BatchRun, rows: readonly number[]): Promise<void> {
  const ids = rows.map((row) => (run.texts[row] as TokenizedText).ids)
  const output = await run.session.run({ ids, padId: run.padId }, outputKind(run.side))
  const dim = output.dims.at(-1) as number
  if (dim !== run.dim)
    throw new SweepError('SB-MODEL-007', { message: `the model gave ${dim} dimensions, ${run.dim} were planned` })
  const { pooling } = run.side
  const stride = pooling === 'none' ? dim : (output.dims[1] as number) * dim
  rows.forEach((row, i) => {
    const own = output.values.subarray(i * stride, (i + 1) * stride)
    const target = rowOf(run, row)
    if (pooling === 'none') target.set(own)
    else poolTokens(own, (ids[i] as readonly number[]).length, pooling, target)
    if (run.side.normalize) normalizeRows(target, dim)
  })
}

function rowOf(run: BatchRun, row: number): Float32Array {
  return run.values.subarray(row * run.dim, (row + 1) * run.dim)
}

export function outputKind(side: SideRecipe): 'tokens' | 'sentence' {
  return side.pooling === 'none' ? 'sentence' : 'tokens'
}
