import { describe, expect, it } from 'vitest'
import { readSpec, refuseMistakes } from './spec.ts'
import { sweepSchemaJson } from './spec-schema.ts'

const HEAD = 'sweep: s\ntasks: [SciFact]\nmodels: [m]\n'
const mistakesOf = (text: string) =>
  readSpec(text, 's.yaml').mistakes.map(({ line, code, message }) => `${line} ${code} ${message}`)

describe('engines that come later', () => {
  it.each([
    ['of the sweep', 'models: [a]\nengine: { vllm: { dtype: bfloat16 } }', 4, 'engine.vllm'],
    ['of one model', 'models: [{ model: a, engine: { llamacpp: { file: Q8_0 } } }]', 3, 'engine.llamacpp'],
  ])('are told as such: %s', (_, lines, line, what) => {
    const { mistakes } = readSpec(`sweep: s\ntasks: [x]\n${lines}\n`, 's.yaml')
    expect(mistakes.map((one) => [one.code, one.line])).toEqual([['SB-CORE-002', line]])
    expect(mistakes[0]?.message).toContain(what)
  })

  it('are not what a misspelt engine is', () => {
    const { mistakes } = readSpec('sweep: s\ntasks: [x]\nmodels: [a]\nengine: { onx: {} }\n', 's.yaml')
    expect(mistakes.map(({ code }) => code)).toContain('SB-SPEC-003')
  })
})

describe('readSpec', () => {
  it('lists models and tasks with their lines, braces expanded', () => {
    const { models, tasks, mistakes } = readSpec(
      'sweep: s\ntasks:\n  - SciFact\n  - { task: XQuADRetrieval, subsets: [en] }\nmodels:\n  - "org/m-{1,2}"\n  - { model: me/api, revision: r1 }\n',
      's.yaml',
    )
    expect(mistakes).toEqual([])
    expect(tasks).toEqual([
      { value: { task: 'SciFact' }, line: 3 },
      { value: { task: 'XQuADRetrieval', subsets: ['en'] }, line: 4 },
    ])
    expect(models.map(({ value, line }) => [value.model, line])).toEqual([
      ['org/m-1', 6],
      ['org/m-2', 6],
      ['me/api', 7],
    ])
  })

  it('names an unknown key with the nearest known one, at its own line, however deep', () => {
    expect(mistakesOf(`${HEAD}matrix:\n  dimension: [64]\n`)).toEqual([
      '5 SB-SPEC-003 unknown key "dimension", did you mean "dimensions"?',
    ])
    expect(mistakesOf(`${HEAD}weigth: 2\n`)[0]).toMatch(/^4 SB-SPEC-003 .*"weight"/)
    expect(mistakesOf(`${HEAD}zzzzzzzzzz: 2\n`)).toEqual(['4 SB-SPEC-003 unknown key "zzzzzzzzzz"'])
  })

  it('names the nearest word where one of several is wanted', () => {
    expect(mistakesOf(`${HEAD}matrix:\n  precision: [float32, int9]\n  similarity: cosin\n`)).toEqual([
      '5 SB-SPEC-004 matrix.precision.1: Invalid option: expected one of "float32"|"int8"|"binary"; did you mean "int8"?',
      '6 SB-SPEC-004 matrix.similarity: expected "recipe" or one of "cosine"|"dot" or array; did you mean "cosine"?',
    ])
  })

  it('says every form a value may have', () => {
    expect(mistakesOf(`${HEAD}matrix:\n  dimensions: many\n`)).toEqual([
      '5 SB-SPEC-004 matrix.dimensions: expected "full" or number or array',
    ])
  })

  it('a key itself in place of a variable name is refused without being repeated', () => {
    const text = `${HEAD}engine: { openai: { url: "http://h/v1", key: sk-secret123 } }\n`
    expect(mistakesOf(text).join()).toContain('must name a variable')
    expect(mistakesOf(text).join()).not.toContain('sk-secret123')
  })

  it('reads the engines of every kind of server, and refuses a key in each', () => {
    for (const engine of ['openai', 'tei', 'ollama', 'rerank-api']) {
      const text = (key: string) =>
        `${HEAD}engine: { ${engine}: { url: "http://h", key: ${key}, tokenizer: ./m, timeout: 30s } }\n`
      expect(mistakesOf(text('$A_KEY'))).toEqual([])
      expect(mistakesOf(text('sk-secret123')).join()).toContain('must name a variable')
    }
    expect(mistakesOf(`${HEAD}engine: { rerank-api: { url: "http://h", style: sglang } }\n`)).toEqual([])
    expect(mistakesOf(`${HEAD}engine: { tei: { url: "http://h", style: tei } }\n`)).not.toEqual([])
  })

  it.each(['', '- a\n', '42\n', 'null\n', '{}\n'])('a file that is no sweep (%j) is mistakes, never a crash', (text) => {
    expect(mistakesOf(text).length).toBeGreaterThan(0)
  })

  it('a bomb of aliases is a mistake', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
      .split('')
      .map((name, i) => `${name}: &${name} [${`*${'abcdefgh'[i]},`.repeat(10)}]`)
      .join('\n')}\n`
    expect(mistakesOf(bomb).length).toBeGreaterThan(0)
  })

  it('refuseMistakes throws all of them in line order', () => {
    const { mistakes } = readSpec(`${HEAD}limit: -1\nzz: 1\n`, 's.yaml')
    expect(() => refuseMistakes('s.yaml', [])).not.toThrow()
    let thrown: unknown
    try {
      refuseMistakes('s.yaml', mistakes)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({ code: 'SB-SPEC-001', mistakes: [{ line: 4 }, { line: 5 }] })
  })
})

describe('sweepSchemaJson', () => {
  it('describes the keys an editor completes', () => {
    const schema = sweepSchemaJson() as { properties: Record<string, unknown>; required: string[]; additionalProperties: boolean }
    expect(schema.required).toEqual(['sweep', 'tasks', 'models'])
    expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(['matrix', 'gates', 'budget', 'limit', 'exclude']))
    expect(schema.additionalProperties).toBe(false)
    expect(() => JSON.stringify(schema)).not.toThrow()
  })
})
