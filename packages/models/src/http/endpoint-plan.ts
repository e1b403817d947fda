import { resolve } from 'node:path'
import { type Load, SweepError } from '@sweepboard/contracts'
import type { EndpointChoice, ResolveContext } from '../model-source.ts'
import { openTextTokenizer, type TextTokenizer } from '../text-tokenizer.ts'
import { shownUrl } from './endpoint.ts'
import { PatientClient, RETRY_POLICY } from './patient-client.ts'
import { readServerFacts, type ServerFacts } from './server-facts.ts'
import { tokenizerDigest } from './tokenizer-on-host.ts'

/** Somebody waits for the plan: a server that is down is reported sooner than during a run. */
const PLAN_RETRY = { ...RETRY_POLICY, noProgressMs: 15_000 }

/** A server of a sweep file, ready to be asked. */
export interface EndpointPlan {
  readonly client: PatientClient
  readonly facts: ServerFacts
  readonly tokenizer: TextTokenizer | null
  readonly tokenizerDigest: string | null
  readonly open: Load['open']
}

/**
 * Reads what a spec says of a server, its key and tokenizer, and asks the server what it is.
 * @throws SweepError `SB-SPEC-004` for a URL that cannot be used, `SB-HTTP-006` when the key's variable cannot be read,
 *   `SB-MODEL-001` and `-003` for the tokenizer, `SB-HTTP-010` when `tei` is asked of a server that is none
 */
export async function planEndpoint(
  choice: EndpointChoice,
  by: { engine: string; model: string; folder: string | null; context: ResolveContext },
): Promise<EndpointPlan> {
  const { engine, context } = by
  checkUrl(choice.url, engine)
  const keyVariable = choice.key?.replace(/^\$/, '') ?? null
  const apiKey = keyVariable === null ? undefined : context.readVariable?.(keyVariable)
  if (keyVariable !== null && !apiKey) throw new SweepError('SB-HTTP-006', { variable: keyVariable })
  const folder = choice.tokenizer === undefined ? by.folder : resolve(context.baseDir, choice.tokenizer)
  const digest = folder === null ? null : await tokenizerDigest(folder)
  if (folder !== null && digest === null) throw new SweepError('SB-MODEL-001', { path: `${folder}/tokenizer.json` })
  const tokenizer = folder === null ? null : await openTextTokenizer(folder, by.model)
  const { url, concurrency = 4, timeout = 60_000 } = choice
  const remote = choice.model ?? (by.folder === null ? by.model : (by.folder.split(/[/\\]/).at(-1) as string))
  const endpoint = { url, model: remote, apiKey, timeoutMs: timeout }
  const facts = await readServerFacts(endpoint, context.signal)
  if (engine === 'tei' && facts.server !== 'tei')
    throw new SweepError('SB-HTTP-010', { url: shownUrl(url), message: 'it answers no /info as text-embeddings-inference does' })
  const batchTexts = Math.min(choice.batch ?? 32, facts.maxBatchTexts ?? Number.POSITIVE_INFINITY)
  return {
    client: new PatientClient(endpoint, { policy: context.retry ?? PLAN_RETRY, concurrency, batchTexts, rate: choice.rate }),
    facts,
    tokenizer,
    tokenizerDigest: digest,
    open: {
      folder,
      file: null,
      url,
      keyVariable,
      concurrency,
      batchTexts,
      timeoutMs: timeout,
      ...(choice.rate && { rate: choice.rate }),
    },
  }
}

function checkUrl(url: string, engine: string): void {
  const path = `engine.${engine}.url`
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    throw new SweepError('SB-SPEC-004', { path, message: 'must be an http or https URL' })
  if (parsed.username || parsed.password || parsed.search) {
    throw new SweepError('SB-SPEC-004', {
      path,
      message: `${shownUrl(url)} must carry no user, password or query: name the key's variable in \`key\``,
    })
  }
}
