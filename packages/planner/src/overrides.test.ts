import { isChosen, type Load, splitVariant } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { alternativesOf, decidesBySlot, parseMemoryBound, unmetTasks } from './overrides.ts'
import { planSweep, type ResolvedModel } from './plan.ts'
import type { ResolvedReranker } from './plan-rerank.ts'
import { readSpec } from './spec.ts'

const HEAD = 'sweep: s\ntasks: [SciFact]\nmodels: ["org/m-{4B,8B}", ./folders/own-8B]\nengine: vllm\n'
const read = (overrides: string) => readSpec(`${HEAD}overrides:\n${overrides}\n`, 's.yaml')
function overridesOf(text: string) {
  const { spec, mistakes } = read(text)
  expect(mistakes).toEqual([])
  return spec?.overrides ?? []
}
const mistakesOf = (text: string) => read(text).mistakes.map(({ line, code, message }) => `${line} ${code} ${message}`)
const cuda = (gigabytes: number) => ({ device: 'cuda' as const, memoryBytes: gigabytes * 1e9 })
const cpu = (gigabytes: number) => ({ device: 'cpu' as const, memoryBytes: gigabytes * 1e9 })

describe('overrides', () => {
  it('read bounds of memory in either unit, and nothing else', () => {
    expect(parseMemoryBound('<20GB')).toEqual({ op: '<', bytes: 20e9 })
    expect(parseMemoryBound(' >= 24 GiB ')).toEqual({ op: '>=', bytes: 24 * 2 ** 30 })
    expect(['20GB', '<20', '< -1GB', '=20GB', '<20 apples', ''].map(parseMemoryBound)).toEqual(Array(6).fill(null))
  })

  it('say every mistake with its line', () => {
    expect(
      mistakesOf(`  - when: { model: "*-9B" }
    engine: onnx
  - when: {}
    engine: onnx
  - when: { memory: "20GB" }
    engine: onnx
  - when: { modle: "*", model: "*" }
    engine: onnx
  - when: { model: "*" }
  - when: { device: cuda }
    recipe: { maxTokens: 5 }
  - when: { memory: "<20GB" }
    engine: { openai: { url: "http://127.0.0.1:1/v1" } }`).map((text) => text.replace(/ — .*/, '')),
    ).toEqual([
      expect.stringMatching(/^8 SB-SPEC-004 .*must say when/),
      expect.stringMatching(/^10 SB-SPEC-004 .*bound such as/),
      expect.stringMatching(/^12 SB-SPEC-003 unknown key "modle"/),
      expect.stringMatching(/^14 SB-SPEC-004 .*engine, a recipe or both/),
      expect.stringMatching(/^15 SB-SPEC-004 .*an `engine` is needed/),
      expect.stringMatching(/^18 SB-SPEC-004 .*runs already/),
    ])
    expect(mistakesOf('  - when: { model: "*-9B" }\n    engine: onnx')).toEqual([
      expect.stringMatching(/^6 SB-SPEC-004 .*"\*-9B" matches none of the models: org\/m-4B, org\/m-8B, \.\/folders\/own-8B/),
    ])
    expect(
      unmetTasks(overridesOf('  - when: { task: "Nano*" }\n    engine: onnx'), ['SciFact'], { file: 's.yaml', line: () => 6 }),
    ).toMatchObject([
      { code: 'SB-SPEC-004', line: 6, message: expect.stringContaining('"Nano*" matches none of the tasks: SciFact') },
    ])
  })

  it('without memory and device take the place of the engine, in order, on their models and tasks only', () => {
    const overrides = overridesOf(`  - when: { model: "*-8B" }
    engine: onnx
    recipe: { query: { maxTokens: 64 } }
  - when: { model: "org/*", task: "Sci*" }
    recipe: { query: { template: "q: {text}" }, similarity: dot }`)
    const of = (model: string, task: string) => alternativesOf({ model }, overrides, task)
    expect(of('org/m-4B', 'NFCorpus')).toEqual([{ named: { model: 'org/m-4B' }, slots: null, engine: '', override: null }])
    expect(of('org/m-8B', 'SciFact')).toMatchObject([
      {
        slots: null,
        engine: '',
        named: { engine: 'onnx', recipe: { query: { maxTokens: 64, template: 'q: {text}' }, similarity: 'dot' } },
      },
    ])
    expect(of('./folders/own-8B', 'SciFact')).toMatchObject([{ named: { engine: 'onnx', recipe: { query: { maxTokens: 64 } } } }])
    expect(decidesBySlot(overrides)).toBe(false)
  })

  it('meet a folder by its name on the board', () => {
    const overrides = overridesOf('  - when: { model: "local/own-*" }\n    engine: onnx')
    expect(alternativesOf({ model: './folders/own-8B' }, overrides, 't')[0].named).toMatchObject({ engine: 'onnx' })
  })

  it('reach a reranker of the matrix only where they name it', () => {
    const overrides = overridesOf(`  - when: { memory: "<20GB" }
    engine: { vllm: { quantization: fp8 } }
  - when: { model: "org/*-8B", memory: "<12GB" }
    engine: { llamacpp: { file: Q8_0 } }`)
    const of = (model: string) => alternativesOf({ model }, overrides, 'SciFact', { mustName: true }).map(({ engine }) => engine)
    expect(of('org/rerank-8B')).toEqual(['', 'llamacpp Q8_0'])
    expect(of('org/rerank-4B')).toEqual([''])
    const text = `${HEAD}matrix: { rerank: { model: org/rerank-9B } }\noverrides: [{ when: { model: "*rerank*" }, engine: onnx }]\n`
    expect(readSpec(text, 's.yaml').mistakes).toEqual([])
  })

  it('give each slot to exactly one way: the last that it meets', () => {
    const overrides = overridesOf(`  - when: { model: "*-8B", memory: "<20GB" }
    engine: { llamacpp: { file: Q8_0 } }
  - when: { model: "*-8B", memory: "<12GB" }
    engine: { llamacpp: { file: Q4_K_M } }
  - when: { model: "*-8B", device: cpu, memory: ">=64GB" }
    engine: { infinity: { dtype: float32 } }`)
    const ways = alternativesOf({ model: 'org/m-8B' }, overrides, 'SciFact')
    expect(ways.map(({ engine }) => engine)).toEqual(['', 'llamacpp Q8_0', 'llamacpp Q4_K_M', 'infinity float32'])
    const on = (slot: Parameters<typeof isChosen>[1]) =>
      ways.flatMap(({ slots, engine }) => (slots !== null && isChosen([slots], slot) ? [engine] : []))
    expect(on(cuda(24))).toEqual([''])
    expect(on(cuda(16))).toEqual(['llamacpp Q8_0'])
    expect(on(cuda(8))).toEqual(['llamacpp Q4_K_M'])
    expect([on(cpu(8)), on(cpu(64))]).toEqual([[''], ['infinity float32']])
    expect(on({ device: 'endpoint', memoryBytes: 0 })).toEqual([''])
    expect(decidesBySlot(overrides)).toBe(true)
  })
})

describe('a plan with ways by slot', () => {
  const side = { template: '{text}', pooling: 'mean', normalize: true, maxTokens: null, closingToken: null }
  const recipe = { query: side, document: side, similarity: 'cosine', dimensions: 8 } as unknown as ResolvedModel['recipe']
  const way = (key: string, over: Partial<ResolvedModel>, open: Partial<Load['open']> = {}): ResolvedModel => ({
    load: { key, model: 'org/m-8B', identity: { engine: 'onnx' }, memoryBytes: 1, open } as unknown as Load,
    recipe,
    sides: () => ({ query: recipe.query, document: recipe.document }),
    ...over,
  })
  const task = (name: string) =>
    ({
      task: name,
      subset: 'default',
      split: 'test',
      source: { kind: 'folder', path: `/${name}` },
      languages: [],
      limit: null,
      catalog: null,
    }) as never
  const spec = (matrix = '') => readSpec(`sweep: s\ntasks: [x]\nmodels: [x]\n${matrix}`, 's.yaml').spec as never
  const small = [{ is: { device: 'cuda' as const, memory: [{ op: '<' as const, bytes: 20e9 }] }, not: [] }]

  it('holds each way as rows of its own, told apart on the board, and only on its tasks', () => {
    const models = [
      way('own', {}, { slots: [{ is: null, not: [small[0]?.is as never] }] }),
      way('packed', { engine: 'llamacpp Q8_0', tasks: new Set(['A']) }, { slots: small }),
    ]
    const plan = planSweep({ spec: spec('matrix: { instruction: [default, none] }'), models, tasks: [task('A'), task('B')] })
    const rows = plan.groups.map(({ task: { task }, model }) => `${task} ${model.load.key} ${model.variant}`)
    expect(rows).toEqual(['A own ', 'A packed engine: llamacpp Q8_0', 'B own '])
    expect(new Set(plan.groups.map(({ model }) => model.recipeKey)).size).toBe(2)
    expect(splitVariant('engine: llamacpp Q8_0 · instruction: a · b')).toEqual({
      engine: 'llamacpp Q8_0',
      variant: 'instruction: a · b',
    })
    expect(splitVariant('instruction: engine: x')).toEqual({ engine: '', variant: 'instruction: engine: x' })
  })

  it('tells rows over two engines of one reranker apart, and what is cut from them; only on its tasks', () => {
    const reranker = (key: string, over: Partial<ResolvedReranker>): ResolvedReranker => ({
      load: { ...way(key, {}).load, model: 'org/rerank' },
      recipe: () => ({ template: null }) as never,
      depths: [10],
      tail: 'append',
      ...over,
    })
    const rerankers = [reranker('wide', {}), reranker('small', { engine: 'packed', tasks: new Set(['A']) })]
    const models = [way('own', {}), way('other', { engine: 'fp8' })]
    const matrix = 'matrix: { rerank: { model: org/rerank }, cut: { top: 5 } }'
    const { groups } = planSweep({ spec: spec(matrix), models, tasks: [task('A'), task('B')], rerankers })
    const over = groups.flatMap(({ task: { task }, model, rerank, configs }) =>
      configs.some((config) => config.rerank) ? [`${task} ${rerank?.load.key ?? 'cut'} [${model.variant}]`] : [],
    )
    expect(over).toEqual([
      'A wide []',
      'A small [engine: reranker packed]',
      'A cut []',
      'A cut [engine: reranker packed]',
      'A wide [engine: fp8]',
      'A small [engine: fp8, reranker packed]',
      'A cut [engine: fp8]',
      'A cut [engine: fp8, reranker packed]',
      'B wide []',
      'B cut []',
      'B wide [engine: fp8]',
      'B cut [engine: fp8]',
    ])
    expect(new Set(groups.map(({ key }) => key)).size).toBe(groups.length)
  })

  it('keeps one lane one lane: a load that is also meant for every slot has no choice left', () => {
    const models = [way('own', {}, { slots: small }), { ...way('own', {}), tasks: new Set(['B']) }]
    const { groups } = planSweep({ spec: spec(), models, tasks: [task('A'), task('B')] })
    expect(groups.map(({ model }) => model.load.open.slots)).toEqual([undefined, undefined])
  })
})
