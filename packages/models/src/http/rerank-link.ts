import { SweepError } from '@sweepboard/contracts'
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
}

export function rerankLink(client: PatientClient, style: WireStyle, server: string): RerankLink {
  return {
    client,
    style,
    score: (pairs, { signal, ...options }) =>
      client.call(rerankExchange(style, client.endpoint, { server, ...options }), pairs, { signal }),
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
