import { expect, it } from 'vitest'
import { servedBytes, weightBytes } from './recipe-memory.ts'

it('tells the weights of a model by dtype, and knows what it does not know', () => {
  // Qwen3-Embedding-8B: mteb-results name 14,433 MB in half precision.
  expect(Math.round((weightBytes(7_567_295_488, 'float16') ?? 0) / 2 ** 20)).toBe(14_433)
  expect(weightBytes(7_567_295_488, 'float32')).toBe(2 * (weightBytes(7_567_295_488, 'float16') ?? 0))
  expect(weightBytes(1000, 'float8')).toBeNull()
})

it('adds what an engine keeps beside the weights', () => {
  expect(servedBytes(1_000_000, 'onnx')).toBe(1_300_000 + 256 * 2 ** 20)
  expect(servedBytes(1, 'another')).toBeNull()
})
