import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { gatherOnnx, type StaticModel, writeStaticModel } from '../test/static-model.ts'
import { openEngine } from './open-engine.ts'
import { resolveModel } from './resolve-model.ts'
import { openTextTokenizer } from './text-tokenizer.ts'
import { TokenThread } from './token-thread.ts'

const MODEL: StaticModel = {
  words: ['[UNK]', 'good', 'bad'],
  table: [
    [1, 0],
    [0, 1],
    [0.5, 0.25],
  ],
}
const SIDE = {
  template: '{text}',
  instruction: null,
  closingToken: null,
  pooling: 'mean',
  normalize: false,
  maxTokens: 3,
} as const
const TEXTS = ['good bad good bad', 'bad', 'good other']
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sweepboard-thread-'))
  await writeStaticModel(folder, MODEL)
  await writeFile(join(folder, 'onnx/model.onnx'), gatherOnnx(MODEL.table, {}))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('TokenThread', () => {
  it('gives what reading here gives, once, for exactly the texts and side prepared', async () => {
    const thread = new TokenThread({ folder, model: 'm' })
    expect(await thread.take(SIDE, TEXTS)).toBeNull()
    thread.prepare(SIDE, ['dropped'])
    thread.prepare(SIDE, TEXTS)
    expect(await thread.take(SIDE, TEXTS.slice(1))).toBeNull()
    expect(await thread.take({ ...SIDE, maxTokens: 2 }, TEXTS)).toBeNull()
    const read = (await openTextTokenizer(folder, 'm')).reader(SIDE)
    expect(await thread.take(SIDE, TEXTS)).toEqual(TEXTS.map(read))
    expect(await thread.take(SIDE, TEXTS)).toBeNull()
    await thread.close()
  })

  it('leaves the reading to its owner when it dies, and starts anew', async () => {
    const thread = new TokenThread({ folder, model: 'm' })
    await rm(join(folder, 'tokenizer.json'))
    thread.prepare(SIDE, TEXTS)
    expect(await thread.take(SIDE, TEXTS)).toBeNull()
    await writeStaticModel(folder, MODEL)
    thread.prepare(SIDE, TEXTS)
    expect(await thread.take(SIDE, TEXTS)).toHaveLength(3)
    await thread.close()
  })

  it('is used by the onnx engine for the texts said to come, and for no others', async () => {
    const { load, recipe } = await resolveModel(
      { model: folder, recipe: { normalize: false, similarity: 'dot' } },
      { baseDir: '/' },
    )
    const engine = await openEngine(load, { threads: 1 })
    // The thread reads its files when it starts: with other words in them its tokens are seen to be its own.
    await writeStaticModel(folder, { ...MODEL, words: ['[UNK]', 'bad', 'good'] })
    const vectorOf = async (text: string, ahead: readonly string[] = []) => [
      ...(await engine.encode(recipe.query, [text], { ahead })).vectors.values,
    ]
    expect(await vectorOf('good', ['good'])).toEqual([0, 1])
    expect(await vectorOf('good', ['bad'])).toEqual([0.5, 0.25])
    expect(await vectorOf('good')).toEqual([0, 1])
    await engine.close()
  })
})
