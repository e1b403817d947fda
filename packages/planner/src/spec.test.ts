import { describe, expect, it } from 'vitest'
import { readSpec, refuseMistakes } from './spec.ts'
import { sweepSchemaJson } from './spec-schema.ts'

const HEAD = 'sweep: s\ntasks: [SciFact]\nmodels: [m]\n'
const mistakesOf = (text: string) =>
  readSpec(text, 's.yaml').mistakes.map(({ line, code, message }) => `${line} ${code} ${message}`)

describe('a device of an override', () => {
  it('that is called gpu is cuda, not cpu', () => {
    const [told] = mistakesOf(`${HEAD}overrides: [{ when: { device: gpu }, engine: vllm }]\n`)
    expect(told).toContain('did you mean "cuda"?')
  })
})

describe('launched engines', () => {
  it.each([
    ['of the sweep', 'models: [a]\nengine: { vllm: { dtype: bfloat16, memoryShare: 0.8 } }'],
    ['with every default', 'models: [a]\nengine:\n  infinity:'],
    ['by a bare name', 'models: [a]\nengine: sglang'],
    ['of one model', 'models: [{ model: a, engine: { llamacpp: { file: Q8_0 } } }]'],
    [
      'TEI and Ollama without a URL',
      'models: [{ model: a, engine: { tei: } }, { model: b, engine: { ollama: { model: "b:8b" } } }]',
    ],
    ['by the name of a host’s own', 'models: [a]\nengine: { launch: { name: my-server, dialect: tei, maxTokens: 512 } }'],
    ['of a reranker', 'models: [a]\nmatrix: { rerank: { model: r, engine: { vllm: { quantization: fp8 } } } }'],
  ])('are read: %s', (_, lines) => {
    const { spec, mistakes } = readSpec(`sweep: s\ntasks: [x]\n${lines}\n`, 's.yaml')
    expect(mistakes).toEqual([])
    expect(spec).not.toBeNull()
  })

  it.each([
    ['command', 'engine:\n  launch:\n    name: x\n    command: [rm, -rf, /]', 7],
    ['program', 'engine:\n  vllm:\n    program: [sh]', 6],
    ['args', 'engine:\n  tei:\n    dtype: float16\n    args: [--x]', 7],
    ['env', 'engine:\n  infinity: { env: { LD_PRELOAD: /x.so } }', 5],
  ])('never say what a launcher runs: %s', (key, lines, line) => {
    const { spec, mistakes } = readSpec(`${HEAD}${lines}\n`, 's.yaml')
    expect(spec).toBeNull()
    expect(mistakes.map((one) => [one.code, one.line])).toEqual([['SB-SPEC-011', line]])
    expect(mistakes[0]?.message).toContain(key)
  })

  it('refuse what they do not have, every mistake with its line', () => {
    expect(
      mistakesOf(
        `${HEAD}engine:\n  vllm:\n    dtype: int4\n    maxTokens: 0\n    memoryShare: 2\n    device: tpu\n    quantisation: fp8\n`,
      ),
    ).toEqual([
      expect.stringMatching(/^6 SB-SPEC-004 engine\.vllm\.dtype/),
      expect.stringMatching(/^7 SB-SPEC-004 engine\.vllm\.maxTokens/),
      expect.stringMatching(/^8 SB-SPEC-004 engine\.vllm\.memoryShare/),
      expect.stringMatching(/^9 SB-SPEC-004 engine\.vllm\.device/),
      expect.stringMatching(/^10 SB-SPEC-003 .*did you mean "quantization"/),
    ])
    expect(mistakesOf(`${HEAD}engine: { launch: { name: ../x } }\n`)).toEqual([
      expect.stringMatching(/SB-SPEC-004 engine\.launch\.name/),
    ])
    expect(mistakesOf(`${HEAD}engine: { llamacpp: { file: ../../etc/passwd } }\n`)).toHaveLength(1)
    expect(mistakesOf(`${HEAD}engine: { ollama: { model: --flag } }\n`)).toHaveLength(1)
  })

  it('are either started or reached by a URL', () => {
    expect(mistakesOf(`${HEAD}engine: { tei: { url: "http://h", dtype: float16 } }\n`)).toEqual([
      expect.stringContaining('engine.tei.dtype: is for a server that a worker starts'),
    ])
    expect(mistakesOf(`${HEAD}engine: { ollama: { key: $KEY } }\n`)).toEqual([
      expect.stringContaining('engine.ollama.key: is for a server that runs already'),
    ])
  })

  it('are not what a misspelt engine is', () => {
    expect(mistakesOf(`${HEAD}engine: { onx: {} }\n`)).toEqual(['4 SB-SPEC-003 unknown key "onx", did you mean "onnx"?'])
    const entry = 'models: [{ model: c, engine: { opnai: { url: "http://h" } } }]'
    expect(mistakesOf(`sweep: s\ntasks: [x]\n${entry}\n`)).toEqual(['3 SB-SPEC-003 unknown key "opnai", did you mean "openai"?'])
  })

  it('are named, one of them, and say what they need', () => {
    expect(mistakesOf(`${HEAD}engine: { openai: }\n`)).toEqual([
      '4 SB-SPEC-004 engine.openai: expected keys with values, found nothing',
    ])
    expect(mistakesOf(`${HEAD}engine: { onnx: {}, openai: { url: "http://h" } }\n`)).toEqual([
      '4 SB-SPEC-004 engine: names several (onnx, openai): name one',
    ])
    expect(mistakesOf(`${HEAD}engine: {}\n`).join()).toMatch(/^4 SB-SPEC-004 engine: must name one of random, bm25, onnx,/)
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

  it('refuses braces that make more names than anybody means, before it makes them', () => {
    const many = '{0,1,2,3,4,5,6,7,8,9}'.repeat(9)
    expect(
      mistakesOf(
        `sweep: s\ntasks: ["a${many}", { task: "b${many}" }]\nmodels: ["m${many}"]\nmatrix: { rerank: { model: "r${many}" } }\n`,
      ),
    ).toEqual([
      '2 SB-SPEC-004 tasks.0: its braces make more than 1000 names',
      '2 SB-SPEC-004 tasks.1.task: its braces make more than 1000 names',
      '3 SB-SPEC-004 models.0: its braces make more than 1000 names',
      '4 SB-SPEC-004 matrix.rerank.model: its braces make more than 1000 names',
    ])
    expect(readSpec('sweep: s\ntasks: [x]\nmodels: ["m{0,1,2,3,4,5,6,7,8,9}{a,b}"]\n', 's.yaml').models.length).toBe(20)
  })

  it('names an unknown key with the nearest known one, at its own line, however deep', () => {
    expect(mistakesOf(`${HEAD}matrix:\n  dimension: [64]\n`)).toEqual([
      '5 SB-SPEC-003 unknown key "dimension", did you mean "dimensions"?',
    ])
    expect(mistakesOf(`${HEAD}weigth: 2\n`)[0]).toMatch(/^4 SB-SPEC-003 .*"weight"/)
    expect(mistakesOf(`${HEAD}zzzzzzzzzz: 2\n`)).toEqual(['4 SB-SPEC-003 unknown key "zzzzzzzzzz"'])
    expect(mistakesOf(`${HEAD}depth: 2\n`)).toEqual(['4 SB-SPEC-003 the key "depth" does not belong here'])
  })

  it('names the nearest word where one of several is wanted', () => {
    expect(mistakesOf(`${HEAD}matrix:\n  precision: [float32, int9]\n  similarity: cosin\n`)).toEqual([
      '5 SB-SPEC-004 matrix.precision.1: expected "float32", "int8" or "binary"; did you mean "int8"?',
      '6 SB-SPEC-004 matrix.similarity: expected "recipe", "cosine", "dot" or a list; did you mean "cosine"?',
    ])
  })

  it('says every form a value may have', () => {
    expect(mistakesOf(`${HEAD}matrix:\n  dimensions: many\n`)).toEqual([
      '5 SB-SPEC-004 matrix.dimensions: expected "full", a number or a list',
    ])
  })

  it.each([
    ['', '1 SB-SPEC-004 the file: is empty'],
    ['- a\n', '1 SB-SPEC-004 the file: expected keys with values, found a list'],
    [
      'sweep: s\ntasks:\nmodels: []\n',
      '2 SB-SPEC-004 tasks: expected a list, found nothing',
      '3 SB-SPEC-004 models: must not be empty',
    ],
    ['tasks: [x]\nmodels: [{ engine: onnx }]\n', '1 SB-SPEC-004 sweep: is missing', '2 SB-SPEC-004 models.0.model: is missing'],
    [`${HEAD}limit: 1.5\n`, '4 SB-SPEC-004 limit: expected a whole number, found the number 1.5'],
    [`${HEAD}limit: -1\nweight: 5000\n`, '4 SB-SPEC-004 limit: must be above 0', '5 SB-SPEC-004 weight: must be at most 1000'],
    [
      `${HEAD}engine: { openai: { url: h } }\n`,
      '4 SB-SPEC-004 engine.openai.url: must be a URL such as http://127.0.0.1:8000/v1',
    ],
    [`${HEAD}matrix: { rerank: { depth: 5 } }\n`, '4 SB-SPEC-004 matrix.rerank.model: is missing'],
  ])('says in plain words what is wrong with %j', (text, ...mistakes) => {
    expect(mistakesOf(text)).toEqual(mistakes)
  })

  it('reads what vectors a sweep keeps', () => {
    for (const keep of ['all', 'queries', 'none']) expect(mistakesOf(`${HEAD}keep: ${keep}\n`)).toEqual([])
    expect(mistakesOf(`${HEAD}keep: some\n`).join()).toMatch(/^4 SB-SPEC-004 keep: .*"all", "queries" or "none"/)
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
