import type { EngineChoice } from '@sweepboard/models'
import { type EngineSpec, parseDuration } from '@sweepboard/planner'

/** The `engine:` of a spec as the models package wants it: durations in milliseconds. */
export function toEngineChoice(engine: EngineSpec): EngineChoice {
  if (typeof engine === 'string' || 'random' in engine || 'onnx' in engine || 'bm25' in engine) return engine
  const inMilliseconds = <T extends { readonly timeout?: string | undefined }>({ timeout, ...rest }: T) => ({
    ...rest,
    timeout: timeout === undefined ? undefined : (parseDuration(timeout) ?? undefined),
  })
  if ('openai' in engine) return { openai: inMilliseconds(engine.openai) }
  if ('tei' in engine) return { tei: inMilliseconds(engine.tei) }
  if ('ollama' in engine) return { ollama: inMilliseconds(engine.ollama) }
  return { 'rerank-api': inMilliseconds(engine['rerank-api']) }
}
