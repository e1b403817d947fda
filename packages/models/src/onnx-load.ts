import { type Load, SweepError } from '@sweepboard/contracts'
import type { Engine } from './engine.ts'
import type { BatchLimits } from './onnx-batch.ts'
import type { PaddingSide } from './onnx-feeds.ts'
import { assertLeftPadding } from './onnx-padding.ts'
import { PROVIDERS, type Provider } from './onnx-provider-name.ts'
import { OnnxSession } from './onnx-session.ts'
import { openTextTokenizer, type TextTokenizer } from './text-tokenizer.ts'
import { BATCH_PADDED_TOKENS } from './token-batches.ts'
import { TokenThread } from './token-thread.ts'
import { findModelFolder } from './weights-on-host.ts'

/** An ONNX load in memory, whatever it computes. */
export interface OpenedOnnx {
  readonly session: OnnxSession
  readonly tokenizer: TextTokenizer
  readonly ahead: TokenThread
  readonly padding: PaddingSide
  readonly limits: BatchLimits
  /** `device` is the provider's device class. */
  readonly facts: Pick<Engine, 'engine' | 'version' | 'provider' | 'dtype' | 'device' | 'loadSeconds'>
}

/**
 * Finds the folder whose files have the planned digest and opens its session and tokenizer.
 * @throws SweepError `SB-MODEL-001`, `-002`, `-003`, `-009`, `-011`; `SB-MODEL-004` when it cannot be padded on the planned side
 */
export async function openOnnx(
  load: Load,
  options: { threads?: number | undefined; modelsRoot?: string | undefined },
): Promise<OpenedOnnx> {
  const began = performance.now()
  const { identity } = load
  const file = load.open.file ?? String(identity.options.file)
  const folder = await findModelFolder({ load, file, modelsRoot: options.modelsRoot })
  const tokenizer = await openTextTokenizer(folder, load.model)
  const session = await OnnxSession.open({ folder, file, threads: options.threads, provider: providerOf(load) })
  const { batchTexts, batchPaddedTokens, padding } = identity.options
  // A file that runs its texts one by one never pads.
  if (padding === 'left' && batchTexts !== 1) await assertLeftPadding(session, tokenizer, load.model)
  return {
    session,
    tokenizer,
    ahead: new TokenThread({ folder, model: load.model }),
    padding: padding === 'left' ? 'left' : 'right',
    limits: {
      batchTexts: typeof batchTexts === 'number' ? batchTexts : Number.POSITIVE_INFINITY,
      paddedTokens: typeof batchPaddedTokens === 'number' ? batchPaddedTokens : BATCH_PADDED_TOKENS,
    },
    facts: {
      engine: 'onnx',
      version: session.version,
      provider: session.provider,
      dtype: identity.dtype,
      device: session.provider,
      loadSeconds: (performance.now() - began) / 1000,
    },
  }
}

function providerOf(load: Load): Provider {
  const { provider } = load.identity
  const found = PROVIDERS.find((one) => one === provider)
  if (found === undefined) throw new SweepError('SB-MODEL-011', { provider, message: `it is none of ${PROVIDERS.join(', ')}` })
  return found
}
