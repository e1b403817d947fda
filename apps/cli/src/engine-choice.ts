import { parseRate } from '@sweepboard/contracts'
import { type EndpointChoice, type EngineChoice, LAUNCHER_NAMES, type LaunchChoice } from '@sweepboard/models'
import { type EngineSpec, parseDuration } from '@sweepboard/planner'

interface Written {
  readonly timeout?: string | undefined
  readonly rate?: { readonly requests?: string | undefined; readonly tokens?: string | undefined } | undefined
}

/** The `engine:` of a spec as the models package wants it: durations in milliseconds, rates as numbers. */
export function toEngineChoice(engine: EngineSpec): EngineChoice {
  if (typeof engine === 'string') return isLauncher(engine) ? { launch: { name: engine } } : engine
  if ('random' in engine || 'onnx' in engine || 'bm25' in engine) return engine
  if ('launch' in engine) return { launch: launched(engine.launch) }
  if ('openai' in engine) return { openai: measured(engine.openai) }
  if ('rerank-api' in engine) return { 'rerank-api': measured(engine['rerank-api']) }
  if ('tei' in engine && engine.tei?.url !== undefined) return { tei: { ...measured(engine.tei), url: engine.tei.url } }
  // Without a URL a worker starts them.
  if ('ollama' in engine && engine.ollama?.url !== undefined)
    return { ollama: { ...measured(engine.ollama), url: engine.ollama.url } }
  const [[name, options]] = Object.entries(engine) as [[LauncherName, Omit<LaunchChoice, 'name'> | null]]
  return { launch: launched({ ...options, name }) }
}

type LauncherName = (typeof LAUNCHER_NAMES)[number]

function isLauncher(word: string): word is LauncherName {
  return (LAUNCHER_NAMES as readonly string[]).includes(word)
}

function launched({
  timeout,
  ...rest
}: Omit<LaunchChoice, 'timeout'> & { readonly timeout?: string | number | undefined }): LaunchChoice {
  return { ...rest, ...(typeof timeout === 'string' && { timeout: parseDuration(timeout) ?? undefined }) }
}

function measured<T extends Written>({
  timeout,
  rate,
  ...rest
}: T): Omit<T, keyof Written> & Pick<EndpointChoice, 'timeout' | 'rate'> {
  const requests = rate?.requests === undefined ? null : parseRate(rate.requests)
  const tokens = rate?.tokens === undefined ? null : parseRate(rate.tokens)
  return {
    ...rest,
    ...(timeout !== undefined && { timeout: parseDuration(timeout) ?? undefined }),
    ...(rate !== undefined && { rate: { ...(requests && { requests }), ...(tokens && { tokens }) } }),
  }
}
