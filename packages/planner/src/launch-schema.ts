import { z } from 'zod'
import { parseDuration } from './duration.ts'

/** Servers a worker starts itself (`LAUNCHER_NAMES` of the models package; a test holds the two together). */
export const LAUNCHERS = ['vllm', 'sglang', 'tei', 'llamacpp', 'ollama', 'infinity'] as const

/** What only the launchers file of a worker's host may say: refused here with the place it belongs to. */
const HOST_ONLY = ['command', 'program', 'args', 'env', 'ready'] as const
const hostOnly = Object.fromEntries(HOST_ONLY.map((key) => [key, z.never({ error: `host-only:${key}` }).optional()])) as Record<
  (typeof HOST_ONLY)[number],
  z.ZodOptional<z.ZodNever>
>

const own = {
  dtype: z.enum(['float32', 'float16', 'bfloat16']).optional().describe('Type of the weights on the device'),
  quantization: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,39}$/, 'must be a name such as fp8 or awq')
    .optional()
    .describe('How vllm and sglang pack the weights, e.g. fp8'),
  file: z
    .string()
    .regex(
      /^(?:\w[\w.-]{0,199}|[^\p{Cc}]{0,1000}\/\w[\w.-]{0,190}\.gguf)$/u,
      'must be the name of a GGUF file, a part of it such as Q8_0, or the path of one',
    )
    .optional()
    .describe('GGUF file: a path, or one of the folder or repository, whole or in part (llamacpp)'),
  repo: z
    .string()
    .regex(/^\w[\w.-]*\/\w[\w.-]*$/, 'must be a hub id such as Qwen/Qwen3-Embedding-8B-GGUF')
    .optional()
    .describe("Hub repository with the GGUF files, in the hub's cache; <model>-GGUF by default (llamacpp)"),
  maxTokens: z.number().int().positive().optional().describe("Tokens the server reads; never below the recipe's"),
  memoryShare: z.number().gt(0).max(1).optional().describe("Share of the device's memory it takes (vllm, sglang)"),
  device: z.enum(['cuda', 'cpu']).optional().describe('Kind of slot it is started on'),
}
const shared = {
  model: z
    .string()
    .regex(/^\w[\w.:/-]{0,199}$/, 'must be a name such as qwen3-embedding:8b')
    .optional()
    .describe("The server's own name of the model (ollama)"),
  concurrency: z.number().int().min(1).max(1024).optional(),
  batch: z.number().int().min(1).max(4096).optional(),
  timeout: z
    .string()
    .refine((text) => parseDuration(text) !== null, 'must be a duration such as "45m" or "12h"')
    .optional(),
  tokenizer: z.string().optional().describe("Folder with the model's tokenizer.json: texts are counted and cut here"),
}

/** A launched server; null takes every default. */
export const Launched = z.strictObject({ ...own, ...shared, ...hostOnly }).nullable()

/** A launcher of the worker host's own file, by its name there. */
export const OwnLaunched = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be the name of a launcher: a to z, 0 to 9 and -')
    .describe("Name in the launchers file of the worker's host"),
  dialect: z.enum(['openai', 'tei', 'ollama', 'rerank-api']).optional().describe('Engine that speaks to it; openai by default'),
  style: z.enum(['jina', 'cohere', 'tei', 'sglang']).optional().describe('How a reranker is asked; jina by default'),
  ...own,
  ...shared,
  ...hostOnly,
})

/** Of TEI and Ollama: with a `url` a server that runs already, without one it is started. */
export function orLaunched<Shape extends z.core.$ZodLooseShape & { readonly url: z.ZodURL }>(endpoint: z.ZodObject<Shape>) {
  const both = z.strictObject({ ...endpoint.shape, ...own, ...hostOnly, url: endpoint.shape.url.optional() })
  return both.nullable().superRefine((value, context) => {
    const given = value as Readonly<Record<string, unknown>> | null
    if (given === null) return
    const foreign = given.url === undefined ? ['key', 'rate'] : Object.keys(own)
    const why =
      given.url === undefined ? 'is for a server that runs already: name its `url`' : 'is for a server that a worker starts'
    if (given.url === undefined && !shared.model.safeParse(given.model).success)
      context.addIssue({ code: 'custom', path: ['model'], message: 'must be a name such as qwen3-embedding:8b' })
    for (const key of foreign) if (given[key] !== undefined) context.addIssue({ code: 'custom', path: [key], message: why })
  })
}

/** Keys of the language that only launchers have, for "did you mean". */
export const LAUNCH_KEYS: readonly string[] = [...LAUNCHERS, 'launch', 'name', 'dialect', 'style', ...Object.keys(own)]
