import type { Load } from '@sweepboard/contracts'
import type { LaunchCommand, LaunchPlace } from './launch-command.ts'

export const LAUNCHER_NAMES = ['vllm', 'sglang', 'tei', 'llamacpp', 'ollama', 'infinity'] as const
export type LauncherName = (typeof LAUNCHER_NAMES)[number]

/** A launcher as data, with the one function that makes a command line of it. */
export interface Launcher {
  readonly name: LauncherName
  /** Program that is started unless the worker's host names another. */
  readonly program: readonly string[]
  /** What is asked for to be installed, in words. */
  readonly about: string
  /** Engine that speaks to it, by what it serves; null where it serves no such thing. */
  readonly engine: { readonly vectors: 'openai' | 'tei' | 'ollama' | null; readonly scores: 'rerank-api' | null }
  /** Kinds of slots it can be started on. */
  readonly devices: readonly ('cuda' | 'cpu')[]
  /** What a plan may ask of it and reads from it. */
  readonly traits: LauncherTraits
  /** Base path of the engine's URL: `/v1`, or empty. */
  readonly base: '' | '/v1'
  /** Path whose GET answers 200 as soon as the model is loaded, and not before. */
  readonly ready: string
  /** Path whose GET names the version, and where it stands in the answer; null where there is none. */
  readonly version: { readonly path: string; readonly read: (answer: unknown) => string | null } | null
  readonly knownBad: readonly KnownBad[]
  /** GPUs it can use for one model; any number when absent. */
  readonly mostDevices?: number
  /** Arguments and environment behind the program. Pure. */
  readonly arguments: (request: LaunchRequest) => LaunchArguments
}

/** What of a launcher a plan goes by. */
export interface LauncherTraits {
  /** Types of the weights it can be told, the default of each kind of slot first; empty where the file decides. */
  readonly dtypes: { readonly cuda: readonly string[]; readonly cpu: readonly string[] }
  /** Options of a sweep file that mean something to it. */
  readonly takes: readonly ('dtype' | 'quantization' | 'file' | 'repo' | 'model' | 'memoryShare')[]
  /** Whether its pooling can be said; else it goes by the model's own files. */
  readonly setsPooling: boolean
  /** What its embeddings route is sent where the tokenizer is at hand. */
  readonly sends: 'tokens' | 'text'
  /** Whether its vectors always have unit length. */
  readonly unit: boolean
  /** How its rerank route is asked. */
  readonly style: 'jina' | 'tei' | 'sglang'
  /** What it holds beside weights and the longest text's keys and values: code, graphs, activations. */
  readonly overheadBytes: number
}

/** A range of versions that must not be used, and what it gets wrong. */
export interface KnownBad {
  /** First good version after the bad ones: everything below it is refused. */
  readonly below: string
  readonly serves: 'vectors' | 'scores'
  /** Only bad for models pooled like this, or for rerankers with a template. */
  readonly only?: { readonly pooling: string } | { readonly template: true }
  readonly why: string
  /** Where it was read. */
  readonly source: string
}

/** Everything a command line is made of. */
export interface LaunchRequest {
  readonly load: Load
  readonly place: LaunchPlace
  /** Folder on this host, or the hub id. */
  readonly model: string
  /** Hub revision; null for a folder. */
  readonly revision: string | null
  /** Name the engine asks for. */
  readonly served: string
  readonly serves: 'vectors' | 'scores'
  readonly dtype: string
  /** null: whatever the server's own default is. */
  readonly maxTokens: number | null
  readonly memoryShare: number | null
  readonly quantization: string | null
  /** Weights file of the folder or repository (GGUF); null where there is but one form. */
  readonly file: string | null
  /** As the recipe names it; null of a reranker, or where the model's own files say it. */
  readonly pooling: string | null
}

export interface LaunchArguments {
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly files?: LaunchCommand['files']
  /** Path in place of the launcher's own `ready`. */
  readonly ready?: string
}

/** `--flag value` for each member that has a value; `true` gives the flag alone, null and false give nothing. */
export function flags(members: Readonly<Record<string, string | number | boolean | null | undefined>>): string[] {
  return Object.entries(members).flatMap(([flag, value]) => {
    if (value === null || value === undefined || value === false) return []
    return value === true ? [flag] : [flag, String(value)]
  })
}

/** A text member of an answer; null for anything else. Cut, because an answer is somebody else's. */
export function textMember(answer: unknown, member: string): string | null {
  const value = answer !== null && typeof answer === 'object' ? (answer as Record<string, unknown>)[member] : undefined
  return typeof value === 'string' && value !== '' ? value.slice(0, 80) : null
}

/** What a process sees of the GPUs: the place's, numbered as nvidia-smi numbers them; none on a CPU slot. */
export function visibleDevices(devices: readonly string[]): Record<string, string> {
  return {
    CUDA_VISIBLE_DEVICES: devices.join(','),
    ...(devices.length === 0 ? {} : { CUDA_DEVICE_ORDER: 'PCI_BUS_ID' }),
  }
}
