import { LexicalScoring, parseRate, SideRecipe, Similarity } from '@sweepboard/contracts'
import { z } from 'zod'
import { parseDuration } from './duration.ts'
import { LAUNCHERS, Launched, OwnLaunched, orLaunched } from './launch-schema.ts'

/** What a model is computed by, and how: `engine` and `recipe` of the sweep language. */

const duration = z.string().refine((text) => parseDuration(text) !== null, 'must be a duration such as "45m" or "12h"')

const rate = z.string().refine((text) => parseRate(text) !== null, 'must be a rate such as "500/m" or "1M/m" (per s, m, h or d)')

/** A server of a spec; keys are named by variable and never written down. */
const Endpoint = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe('Base URL of the server, with /v1 where it has one; of TEI and Ollama the root'),
  key: z
    .string()
    .regex(/^\$[A-Za-z_][A-Za-z0-9_]*$/, 'must name a variable, e.g. $SILICONFLOW_KEY: a key itself never stands in a spec')
    .optional(),
  model: z.string().optional().describe("The server's own name of the model"),
  concurrency: z.number().int().min(1).max(1024).optional(),
  batch: z.number().int().min(1).max(4096).optional(),
  timeout: duration.optional(),
  rate: z
    .strictObject({ requests: rate.optional(), tokens: rate.optional() })
    .optional()
    .describe('Most requests and tokens in a time, e.g. { requests: 500/m, tokens: 1M/m }: they hold over all hosts together'),
  tokenizer: z.string().optional().describe("Folder with the model's tokenizer.json: texts are counted and cut here"),
})

/** What of `mteb/baseline-bm25s` a spec may change. */
const Bm25 = z.strictObject({
  method: LexicalScoring.shape.method.optional().describe('lucene (default), robertson, atire, bm25l or bm25+'),
  k1: LexicalScoring.shape.k1.optional().describe('Saturation of the term frequency; default 1.5'),
  b: LexicalScoring.shape.b.optional().describe('Share of the document length that counts; default 0.75'),
  delta: LexicalScoring.shape.delta.optional().describe('Lower bound of bm25l and bm25+; default 0.5'),
  language: z
    .string()
    .optional()
    .describe("Stop words and stemmer: `task` (default; each task's own language) or an ISO 639-3 code such as eng"),
})

export const EngineSpec = z.union([
  z.enum(['random', 'onnx', 'bm25', ...LAUNCHERS]),
  z.strictObject({ random: z.strictObject({}).nullable() }),
  z.strictObject({ bm25: Bm25.nullable() }),
  z.strictObject({
    onnx: z.strictObject({
      file: z.string().optional().describe('ONNX file below the folder, e.g. onnx/model_fp16.onnx'),
      dtype: z.string().optional(),
      provider: z.enum(['cpu', 'cuda', 'webgpu']).optional().describe('Execution provider; it never falls back to another'),
    }),
  }),
  z.strictObject({ openai: Endpoint }),
  z.strictObject({ tei: orLaunched(Endpoint) }),
  z.strictObject({ ollama: orLaunched(Endpoint) }),
  z.strictObject({ vllm: Launched }),
  z.strictObject({ sglang: Launched }),
  z.strictObject({ llamacpp: Launched }),
  z.strictObject({ infinity: Launched }),
  z.strictObject({ launch: OwnLaunched }),
  z.strictObject({
    'rerank-api': Endpoint.extend({ style: z.enum(['auto', 'jina', 'cohere', 'tei', 'sglang']).optional() }),
  }),
])
export type EngineSpec = z.infer<typeof EngineSpec>

/** What a spec lays over one side; a member left out stays the folder's business, so no default may fill it in. */
const SidePatch = z.strictObject({
  template: SideRecipe.shape.template.removeDefault().optional(),
  instruction: SideRecipe.shape.instruction.removeDefault().optional(),
  maxTokens: SideRecipe.shape.maxTokens.removeDefault().optional(),
  closingToken: SideRecipe.shape.closingToken.removeDefault().optional(),
  pooling: SideRecipe.shape.pooling.removeDefault().optional(),
  normalize: SideRecipe.shape.normalize.removeDefault().optional(),
  cleaning: SideRecipe.shape.cleaning,
  suffix: SideRecipe.shape.suffix,
})

export const RecipeSpec = z.strictObject({
  query: SidePatch.optional(),
  document: SidePatch.optional(),
  pooling: SideRecipe.shape.pooling.removeDefault().optional(),
  normalize: z.boolean().optional(),
  maxTokens: z.number().int().positive().optional(),
  closingToken: z.string().optional(),
  similarity: Similarity.optional(),
  dimensions: z.number().int().positive().optional(),
  padding: z.enum(['left', 'right']).optional(),
  like: z.string().optional().describe('Known model whose recipe fills in what the folder does not say'),
})
export type RecipeSpec = z.infer<typeof RecipeSpec>
