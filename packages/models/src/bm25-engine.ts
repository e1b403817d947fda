import { type SideRecipe, SweepError } from '@sweepboard/contracts'
import { stopIfAborted } from './abort.ts'
import { STEMMER, TextAnalyzer } from './bm25-tokens.ts'
import { type EncodeCounts, type EncodeOptions, type Engine, NO_COUNTS } from './engine.ts'
import { countEmpty } from './template.ts'

/** Texts between two looks at the abort signal. */
const TEXTS_PER_SLICE = 256

/** What turns texts into token lists. */
export interface TokenEngine extends Omit<Engine, 'encode' | 'close'> {
  /**
   * One string a text: its tokens joined by one space (no token holds one), in input order.
   * @throws SweepError `SB-SPEC-004` for an analyzer that is not here, `SB-CORE-001` for a side without one, `SB-CORE-004` when aborted
   */
  analyze(
    side: SideRecipe,
    texts: readonly string[],
    options?: EncodeOptions,
  ): Promise<{ readonly lists: readonly string[]; readonly counts: EncodeCounts }>
}

/** The token side of `mteb/baseline-bm25s`; its scores are computed where the lists of both sides meet, in a score job. */
export function openTokenEngine(): TokenEngine {
  const analyzers = new Map<string, TextAnalyzer>()
  return {
    engine: 'bm25',
    version: `bm25s 0.3.16 rules, ${STEMMER.name} ${STEMMER.version} (${STEMMER.library})`,
    provider: 'cpu',
    dtype: 'float32',
    device: 'cpu',
    loadSeconds: 0,
    async analyze({ analyzer }, texts, options = {}) {
      if (analyzer === undefined) throw new SweepError('SB-CORE-001', { message: 'a side without an analyzer in a bm25 lane' })
      const name = JSON.stringify(analyzer)
      const known = analyzers.get(name) ?? new TextAnalyzer(analyzer)
      analyzers.set(name, known)
      const lists: string[] = []
      let tokenCount = 0
      for (const [i, text] of texts.entries()) {
        if (i % TEXTS_PER_SLICE === 0) {
          stopIfAborted(options.signal, 'making tokens')
          options.onProgress?.()
        }
        const tokens = known.tokens(text)
        tokenCount += tokens.length
        lists.push(tokens.join(' '))
      }
      const counts = { tokenCount, paddedTokenCount: tokenCount, emptyTextCount: countEmpty(texts) }
      return { lists, counts: { ...NO_COUNTS, ...counts, batchCount: Math.ceil(texts.length / TEXTS_PER_SLICE) } }
    },
  }
}
