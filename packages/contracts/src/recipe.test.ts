import { describe, expect, it } from 'vitest'
import { encodingKey, type Load, laneName, loadKey, SideRecipe } from './recipe.ts'

const identity: Load['identity'] = {
  engine: 'onnx',
  weights: 'w',
  dtype: 'fp32',
  provider: 'cpu',
  options: { file: 'onnx/model.onnx' },
  fingerprint: null,
}
const side = SideRecipe.parse({ pooling: 'mean', normalize: true })

describe('keys', () => {
  it('change with whatever changes a vector', () => {
    const load = loadKey(identity)
    expect(loadKey({ ...identity, weights: 'other' })).not.toBe(load)
    expect(loadKey({ ...identity, fingerprint: 'f' })).not.toBe(load)
    expect(encodingKey(load, { ...side, template: 'query: {text}' })).not.toBe(encodingKey(load, side))
    expect(encodingKey(load, { ...side, maxTokens: 128 })).not.toBe(encodingKey(load, side))
  })

  it('are shared by both sides of a symmetric model', () => {
    const load = loadKey(identity)
    expect(encodingKey(load, { ...side })).toBe(encodingKey(load, SideRecipe.parse({ normalize: true, pooling: 'mean' })))
  })

  it('make lane names BullMQ accepts', () => {
    expect(laneName(loadKey(identity))).toMatch(/^lane-[0-9a-f]{20}$/)
  })
})
