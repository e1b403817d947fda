import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { PairPatch } from './model-source.ts'
import { openPairEngine } from './open-pair-engine.ts'
import { longestFirst, pairReader } from './pair-reader.ts'
import { resolveReranker } from './resolve-reranker.ts'
import { openTextTokenizer } from './text-tokenizer.ts'

const SHARED = new URL('../../../../shared/', import.meta.url)
const isAbsent = !existsSync(new URL('golden/models/texts.json', SHARED))
const folderOf = (model: string) => fileURLToPath(new URL(`models/${model}`, SHARED))

interface Golden {
  readonly max_tokens: number
  readonly prefix: string
  readonly middle: string
  readonly suffix: string
  readonly default_instruction: string
  readonly pairs: readonly {
    id: string
    query: string
    document: string
    instruction?: string | null
    input_ids: number[]
    token_type_ids?: number[]
    truncated: boolean
    score: number
  }[]
}
const goldenOf = (model: string): Golden =>
  JSON.parse(readFileSync(new URL(`golden/models/${model}/reference.json`, SHARED), 'utf8'))
const pairsOf = (golden: Golden) =>
  golden.pairs.map(({ query, document, instruction }) => ({ query, document, instruction: instruction ?? null }))

const MODELS = [
  ['tiny-bert-reranker', { maxTokens: 128 }],
  ['tiny-qwen3-reranker', { like: 'Qwen/Qwen3-Reranker-0.6B', maxTokens: 256 }],
] as const
const resolved = async (model: string, recipe: PairPatch, file?: string) =>
  resolveReranker({ model: folderOf(model), recipe, engine: { onnx: { file } } }, { baseDir: '/' })

async function scoresOf(model: string, given: PairPatch, options: { file?: string; tokenBudget?: number } = {}) {
  const { load, recipe } = await resolved(model, given, options.file)
  const engine = await openPairEngine(load, recipe, { threads: 1 })
  try {
    return await engine.scorePairs(pairsOf(goldenOf(model)), { tokenBudget: options.tokenBudget })
  } finally {
    await engine.close()
  }
}
const furthest = (scores: Float32Array, golden: Golden) =>
  Math.max(...golden.pairs.map((pair, i) => Math.abs(pair.score - (scores[i] as number))))

describe.skipIf(isAbsent)('reference scores (skipped without ../shared/golden/models)', () => {
  it.each(MODELS)('%s: token ids, segments and cuts are the reference’s', async (model, given) => {
    const golden = goldenOf(model)
    const { recipe } = await resolved(model, given)
    const read = pairReader(await openTextTokenizer(folderOf(model), model), recipe)
    pairsOf(golden).forEach((pair, i) => {
      const expected = golden.pairs[i] as Golden['pairs'][number]
      const { ids, typeIds, isTruncated } = read(pair)
      expect({ id: expected.id, ids, isTruncated, ...(expected.token_type_ids && { typeIds }) }).toEqual({
        id: expected.id,
        ids: expected.input_ids,
        isTruncated: expected.truncated,
        ...(expected.token_type_ids && { typeIds: expected.token_type_ids }),
      })
    })
  })

  it.each(MODELS)('%s: scores within 1e-4, in batches and alone', async (model, given) => {
    const golden = goldenOf(model)
    const together = await scoresOf(model, given)
    expect(furthest(together.scores, golden)).toBeLessThan(1e-4)
    expect(together.counts).toMatchObject({ truncatedCount: golden.pairs.filter((pair) => pair.truncated).length })
    expect(together.counts.batchCount).toBeLessThan(golden.pairs.length)
    const alone = await scoresOf(model, given, { tokenBudget: 1 })
    expect(alone.counts.batchCount).toBe(golden.pairs.length)
    expect(furthest(alone.scores, golden)).toBeLessThan(1e-4)
  })

  it('tiny-qwen3-reranker: the same padded on either side', async () => {
    const [model, recipe] = MODELS[1]
    const golden = goldenOf(model)
    for (const padding of ['left', 'right'] as const)
      expect(furthest((await scoresOf(model, { ...recipe, padding })).scores, golden)).toBeLessThan(1e-4)
  })

  it('refuses to pad on the left what counts positions from the padding', async () => {
    await expect(scoresOf('tiny-bert-reranker', { maxTokens: 128, padding: 'left' })).rejects.toMatchObject({
      code: 'SB-MODEL-004',
      message: expect.stringContaining('padding left'),
    })
  })

  it('uses the literal strings of mteb’s wrapper', async () => {
    const golden = goldenOf('tiny-qwen3-reranker')
    const { recipe } = await resolved(...MODELS[1])
    expect(recipe).toMatchObject({
      template: { prefix: golden.prefix, middle: golden.middle, suffix: golden.suffix },
      instruction: golden.default_instruction,
      head: 'yes-no',
    })
  })

  it.each([
    ['onnx/model_fp16.onnx', 0.005],
    ['onnx/model_quantized.onnx', 0.2],
  ])('tiny-qwen3-reranker, %s: as near as the reference stack comes', async (file, most) => {
    const { scores } = await scoresOf(...MODELS[1], { file })
    expect(furthest(scores, goldenOf('tiny-qwen3-reranker'))).toBeLessThan(most)
  })

  it('scores canary pairs before it opens: one score for all is no reranker', async () => {
    // Both words are one token: whatever the logits, the probability is a half.
    const { load, recipe } = await resolved(...MODELS[1])
    await expect(openPairEngine(load, { ...recipe, noToken: recipe.yesToken }, { threads: 1 })).rejects.toMatchObject({
      code: 'SB-MODEL-007',
      message: expect.stringContaining('canary'),
    })
  })

  it('refuses words for yes and no that its tokenizer does not have, before anything runs', async () => {
    await expect(resolved(MODELS[1][0], { ...MODELS[1][1], noToken: 'no such token' })).rejects.toMatchObject({
      code: 'SB-MODEL-004',
      message: expect.stringContaining('no such token'),
    })
  })

  it('asks for the template of a causal model nobody described', async () => {
    await expect(resolved('tiny-qwen3-reranker', { maxTokens: 256 })).rejects.toMatchObject({
      code: 'SB-MODEL-004',
      message: expect.stringContaining('template'),
    })
  })
})

describe('cutting a pair', () => {
  it.each([
    [5, 5, 10, [5, 5]],
    [3, 20, 10, [3, 7]],
    [20, 3, 10, [7, 3]],
    [20, 30, 11, [5, 6]],
    [30, 20, 11, [6, 5]],
    [20, 20, 11, [5, 6]],
    [0, 20, 10, [0, 10]],
  ])('%i and %i tokens in a room of %i', (query, document, room, kept) => {
    expect(longestFirst(query, document, room)).toEqual(kept)
  })
})
