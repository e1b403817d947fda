import { SweepError } from '@sweepboard/contracts'
import type { OutputKind } from './onnx-outputs.ts'
import type { OnnxSession } from './onnx-session.ts'
import type { TextTokenizer } from './text-tokenizer.ts'

const SHORT = 'one two three'
const LONG = 'one two three four five six seven eight nine ten eleven twelve'
/** Largest difference, relative to the largest member: above float16's noise, far below what shifted positions do. */
const TOLERANCE = 0.02

/**
 * Makes sure that a model may be padded on the left. Exports without `position_ids` that count positions from the row's
 * start (BERT) see a text shifted by its padding; those that count real tokens, or only distances, do not.
 * @throws SweepError `SB-MODEL-004` when a short text comes out otherwise behind padding than alone
 */
export async function assertLeftPadding(session: OnnxSession, tokenizer: TextTokenizer, model: string): Promise<void> {
  const kind = (['tokens', 'logits', 'sentence'] as const).find((one) => session.gives(one))
  if (kind === undefined) return
  const short = [...tokenizer.bare(SHORT)]
  const alone = await lastOfFirst(session, kind, { ids: [short], padId: tokenizer.padId })
  const padded = await lastOfFirst(session, kind, { ids: [short, [...tokenizer.bare(LONG)]], padId: tokenizer.padId })
  const largest = alone.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const furthest = alone.reduce((most, value, i) => Math.max(most, Math.abs(value - (padded[i] as number))), 0)
  if (!(furthest <= TOLERANCE * largest))
    throw new SweepError('SB-MODEL-004', { model, missing: 'padding left (this export counts positions from the padding)' })
}

/** Output of the first row at its last position, or the row itself where positions are pooled away. */
async function lastOfFirst(
  session: OnnxSession,
  kind: OutputKind,
  batch: { ids: readonly (readonly number[])[]; padId: number },
): Promise<Float32Array> {
  const { values, dims } = await session.run({ ...batch, padding: 'left', adapter: 0 }, kind)
  const width = dims.at(-1) as number
  const end = (dims.length === 3 ? (dims[1] as number) : 1) * width
  return values.slice(end - width, end)
}
