import { type Load, SweepError } from '@sweepboard/contracts'
import { knownLauncher } from '../launchers/launchers.ts'
import { ranksProbesRight, scoreFingerprint } from '../pair-probe.ts'
import type { TextTokenizer } from '../text-tokenizer.ts'
import { type EmbeddingLink, takesTokenIds } from './embedding-link.ts'
import { shownUrl } from './endpoint.ts'
import { checkReadsWhole } from './limit-probe.ts'
import type { ServerFacts } from './server-facts.ts'

/** Longest input whose end a server that does not tell its limit is asked for: longer ones take a CPU minutes. */
const MOST_PROBED_TOKENS = 2048

/** A load that names no URL: nobody has started its server, or nobody has said where it is. */
export function unstarted(load: Load): SweepError {
  const message =
    load.open.launch === undefined
      ? 'the load names no URL'
      : 'a worker starts its server: use it in a sweep, or name one that runs by `url`'
  return new SweepError('SB-HTTP-001', { url: load.model, message })
}

/**
 * What a plan could not ask of a server that did not run yet: its vectors have the recipe's length, unit length where the launcher
 * promises it, token ids are read as texts are, and texts of the recipe's length to their end.
 * @throws SweepError `SB-HTTP-010` naming what it gives instead, `SB-HTTP-008` for one that reads less
 */
export async function checkLaunchedVectors(
  load: Load,
  link: EmbeddingLink,
  by: { tokenizer: TextTokenizer | null; facts: ServerFacts; signal: AbortSignal | undefined },
): Promise<void> {
  const { launch, url } = load.open
  if (launch === undefined || url === null) return
  const refuse = (message: string) => new SweepError('SB-HTTP-010', { url: shownUrl(url), message })
  const { dimensions, input } = load.identity.options
  if (dimensions !== link.probes.dim)
    throw refuse(`it gives vectors of ${link.probes.dim} dimensions, the recipe has ${dimensions}: is it the model of the sweep?`)
  if (!link.isUnit && knownLauncher(launch.launcher)?.traits.unit)
    throw refuse(`${launch.launcher} gives vectors without unit length: its start does not normalise`)
  const { tokenizer, facts, signal } = by
  if (tokenizer === null) return
  const sends = input === 'tokens' ? 'tokens' : 'text'
  if (sends === 'tokens' && !(await takesTokenIds(link, tokenizer, signal)))
    throw refuse('it does not read token ids as it reads the texts they are of: its tokenizer is another one')
  const { maxTokens } = launch
  if (facts.maxInputTokens === null && maxTokens !== null && maxTokens <= MOST_PROBED_TOKENS)
    await checkReadsWhole(link, { tokenizer, maxTokens, sends, signal })
}

/**
 * The canary pairs of a reranker whose server a worker started: the answer of each question scores highest. A template or a head that
 * is not the model's shows here first.
 * @throws SweepError `SB-HTTP-010`
 */
export function checkLaunchedScores(load: Load, url: string, canary: readonly number[]): void {
  if (load.open.launch === undefined) return
  const refuse = (message: string) => new SweepError('SB-HTTP-010', { url: shownUrl(url), message })
  if (scoreFingerprint(canary) === null) throw refuse('it gives one and the same score for all canary pairs')
  if (!ranksProbesRight(canary))
    throw refuse("it does not score the answer of a canary question highest: its template or its head is not the model's")
}
