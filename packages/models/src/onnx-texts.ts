import { setImmediate as yieldToEvents } from 'node:timers/promises'
import { SweepError } from '@sweepboard/contracts'
import { stopIfAborted } from './abort.ts'
import type { EncodeCounts } from './engine.ts'
import type { TokenizedText } from './text-tokenizer.ts'

/** Inputs tokenised between two looks at the abort signal. */
const INPUTS_PER_SLICE = 64

/**
 * Tokenises texts or pairs in slices that let the process hear an abort.
 * @throws SweepError `SB-MODEL-006` for an input the tokenizer gives no token at all, `SB-CORE-004` when aborted
 */
export async function readTexts<Input>(
  inputs: readonly Input[],
  read: (input: Input) => TokenizedText,
  signal: AbortSignal | undefined,
): Promise<{
  readonly texts: TokenizedText[]
  readonly counts: Pick<EncodeCounts, 'tokenCount' | 'truncatedCount' | 'controlTokenCount'>
}> {
  const texts: TokenizedText[] = []
  for (const input of inputs) {
    if (texts.length % INPUTS_PER_SLICE === 0) {
      await yieldToEvents()
      stopIfAborted(signal, 'encoding')
    }
    const one = read(input)
    if (one.ids.length === 0)
      throw new SweepError('SB-MODEL-006', { text: texts.length, message: 'its tokenizer gives it no token' })
    texts.push(one)
  }
  const total = (member: (text: TokenizedText) => number) => texts.reduce((sum, text) => sum + member(text), 0)
  return {
    texts,
    counts: {
      tokenCount: total((text) => text.ids.length),
      truncatedCount: total((text) => (text.isTruncated ? 1 : 0)),
      controlTokenCount: total((text) => text.controlCount),
    },
  }
}
