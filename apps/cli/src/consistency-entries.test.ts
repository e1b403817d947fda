import { readSpec } from '@sweepboard/planner'
import { describe, expect, it } from 'vitest'
import { consistencyEntries, consistencyNotes } from './consistency-entries.ts'

const head = 'sweep: s\ntasks: [SciFact]\n'

describe('consistencyEntries', () => {
  it('takes a model as it stands under models, and differs in the engine alone', () => {
    const read = readSpec(
      `${head}models: [{ model: ./m, engine: { onnx: { dtype: fp32 } }, recipe: { pooling: cls } }]
consistency: [{ model: ./m, against: { onnx: { dtype: q8 } }, min_cosine: 0.98, task: SciFact, every: 7d }]`,
      'x.yaml',
    )
    expect(read.mistakes).toEqual([])
    expect(consistencyEntries(read)).toEqual([
      {
        pair: [
          { model: './m', engine: { onnx: { dtype: 'fp32' } }, recipe: { pooling: 'cls' } },
          { model: './m', engine: { onnx: { dtype: 'q8' } }, recipe: { pooling: 'cls' } },
        ],
        task: 'SciFact',
        minCosine: 0.98,
        minComposite: undefined,
        everyMs: 7 * 86_400_000,
      },
    ])
  })

  it('takes a model that is swept nowhere, by the engine of the file', () => {
    const read = readSpec(`${head}models: [m]\nengine: onnx\nconsistency: [{ model: ./other, against: random }]`, 'x.yaml')
    expect(consistencyEntries(read)[0]).toMatchObject({
      pair: [{ model: './other', engine: 'onnx' }, { engine: 'random' }],
      everyMs: null,
    })
  })

  it('takes the overrides that go by name, and says of those by slot that they do not count', () => {
    const read = readSpec(
      `${head}models: ["org/m-{4B,8B}"]\nengine: vllm
overrides:
  - { when: { model: "*-8B" }, recipe: { maxTokens: 512 }, engine: onnx }
  - { when: { model: "*-8B", task: SciFact }, recipe: { maxTokens: 64 } }
  - { when: { model: "*-8B", memory: "<20GB" }, engine: { llamacpp: { file: Q8_0 } } }
consistency: [{ model: org/m-8B, against: random }, { model: org/m-8B, against: random, task: SciFact }, { model: org/m-4B, against: random }]`,
      'x.yaml',
    )
    expect(read.mistakes).toEqual([])
    expect(
      consistencyEntries(read).map(({ pair: [own, other] }) => [own.engine, own.recipe, other.engine, other.recipe]),
    ).toEqual([
      ['onnx', { maxTokens: 512 }, 'random', { maxTokens: 512 }],
      ['onnx', { maxTokens: 64 }, 'random', { maxTokens: 64 }],
      ['vllm', {}, 'random', {}],
    ])
    expect(consistencyNotes(read)).toEqual(Array(2).fill(expect.stringMatching(/org\/m-8B with its own engine.*llamacpp Q8_0/)))
  })

  it('a wrong entry is a mistake with its line', () => {
    const { mistakes } = readSpec(
      `${head}models: [m]\nconsistency:\n  - { model: m, againts: random, every: weekly, min_cosine: 2 }`,
      'x.yaml',
    )
    expect(mistakes.every(({ line }) => line === 5)).toBe(true)
    expect(mistakes.map(({ message }) => message).join('\n')).toMatch(/did you mean "against"/)
  })
})
