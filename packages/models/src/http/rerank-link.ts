import { type PairRecipe, SweepError } from '@sweepboard/contracts'
import { pairParts } from '../launchers/server-template.ts'
import { PROBE_PAIRS, PROBE_PAIRS_PER_QUERY } from '../pair-probe.ts'
import { shownUrl } from './endpoint.ts'
import { type PatientClient, RejectedInput, type WholeAnswer } from './patient-client.ts'
import { type QueryAndDocument, type RerankOptions, rerankExchange, type WireStyle } from './rerank-exchange.ts'

/** A rerank server in one style. */
export interface RerankLink {
  readonly client: PatientClient
  readonly style: WireStyle
  /** Scores of pairs that all have one query. */
  score(pairs: readonly QueryAndDocument[], by: ScoreOptions): Promise<WholeAnswer<number>>
}
export interface ScoreOptions extends Omit<RerankOptions, 'server'> {
  readonly signal?: AbortSignal | undefined
  /** As in `CallOptions`. */
  readonly order?: number | undefined
}

/**
 * @param frame recipe whose template a launched server was started with: the middle of it is put around each pair here, instruction
 *   included, and the request carries none
 */
export function rerankLink(client: PatientClient, style: WireStyle, server: string, frame?: PairRecipe): RerankLink {
  const template = frame?.template ?? null
  const put = (pairs: readonly QueryAndDocument[], instruction: string | null) =>
    template === null
      ? pairs
      : pairs.map((pair) => pairParts(template, { ...pair, instruction: instruction ?? frame?.instruction ?? '' }))
  return {
    client,
    style,
    score: (pairs, { signal, order, instruction, ...options }) => {
      const asked = { server, ...options, instruction: template === null ? instruction : null }
      return client.call(rerankExchange(style, client.endpoint, asked), put(pairs, instruction), { signal, order })
    },
  }
}

/**
 * Scores of the probe pairs, `[PROBE_PAIRS.length]`, one request a query; `turn` asks one query only and gives its scores.
 * @throws SweepError `SB-HTTP-001` to `-004`, `-007`
 */
export async function probeScores(link: RerankLink, by: ScoreOptions & { readonly turn?: number }): Promise<number[]> {
  const queries = PROBE_PAIRS.length / PROBE_PAIRS_PER_QUERY
  const { turn, ...options } = by
  const scores: number[] = []
  for (const query of turn === undefined ? Array.from({ length: queries }, (_, i) => i) : [turn % queries]) {
    const pairs = PROBE_PAIRS.slice(query * PROBE_PAIRS_PER_QUERY, (query + 1) * PROBE_PAIRS_PER_QUERY)
    const answer = await link.score(pairs, options).catch((thrown) => {
      if (!(thrown instanceof RejectedInput)) throw thrown
      const status = 'an error to a probe pair'
      throw new SweepError('SB-HTTP-003', { url: shownUrl(link.client.endpoint.url), status, message: thrown.message })
    })
    scores.push(...answer.rows)
  }
  return scores
}
