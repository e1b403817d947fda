import { type Load, SweepError } from '@sweepboard/contracts'
import type { Engine } from './engine.ts'
import type { ServerNews } from './http/patient-client.ts'

export interface OpenOptions {
  /** Value of the API key; it never appears in an error or a log. */
  readonly apiKey?: string | undefined
  /** Threads inside one operator (onnx); onnxruntime's own choice when absent. */
  readonly threads?: number | undefined
  /** Folder with model folders, searched by digest when the plan's own path is not here. */
  readonly modelsRoot?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Told what a server does; an engine that computes here has none. */
  readonly onNews?: ((news: ServerNews) => void) | undefined
}

/**
 * Opens a load. Engines are imported only here, so that a process without ONNX work never loads onnxruntime.
 * @throws SweepError `SB-MODEL-001`, `-002`, `-003`, `-009` (onnx), `SB-HTTP-*` (servers; `-005` when another model
 *   answers), `SB-SPEC-004` for an engine that gives no vectors
 */
export async function openEngine(load: Load, options: OpenOptions = {}): Promise<Engine> {
  switch (load.identity.engine) {
    case 'random':
      return (await import('./random-engine.ts')).openRandomEngine()
    case 'onnx':
      return (await import('./onnx-engine.ts')).openOnnxEngine(load, options)
    case 'openai':
    case 'tei':
    case 'ollama':
      return (await import('./http/endpoint-engine.ts')).openEndpointEngine(load, options)
    case 'bm25':
      throw new SweepError('SB-SPEC-004', { path: 'engine.bm25', message: 'it makes token lists and gives no vectors' })
    case 'rerank-api':
      throw new SweepError('SB-SPEC-004', { path: 'engine.rerank-api', message: 'it scores pairs and gives no vectors' })
  }
}
