import {
  type Config,
  configKey,
  type Load,
  type PairRecipe,
  type Plan,
  type Recipe,
  type SideRecipe,
  shownVariant,
  type TaskRef,
} from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { planSweep, type ResolvedModel } from './plan.ts'
import type { ResolvedReranker } from './plan-rerank.ts'
import { summarizePlan } from './plan-summary.ts'
import { readSpec } from './spec.ts'
import type { SweepSpec } from './spec-schema.ts'

const side = (template: string): SideRecipe =>
  ({ template, pooling: 'mean', normalize: true, maxTokens: null, closingToken: null }) as unknown as SideRecipe

/** A model of 256 dimensions; it heeds instructions where `isInstructed`. */
function model(name: string, isInstructed = false): ResolvedModel {
  const recipe = { query: side('{text}'), document: side('{text}'), similarity: 'cosine', dimensions: 256 } as unknown as Recipe
  const load = { key: `${name}-load`, model: name, identity: { engine: 'onnx' }, open: {}, memoryBytes: 1000 } as unknown as Load
  return {
    load,
    recipe,
    sides: (_task, instruction) => ({
      query: isInstructed && instruction !== 'none' ? side(`${instruction}: {text}`) : recipe.query,
      document: recipe.document,
    }),
  }
}
const task = (name: string, documentCount: number | null = null): TaskRef => ({
  task: name,
  subset: 'default',
  split: 'test',
  source: { kind: 'folder', path: `/data/${name}` },
  mainScore: 'ndcg_at_10',
  languages: ['eng-Latn'],
  ignoreIdenticalIds: false,
  limit: null,
  catalog: documentCount === null ? null : { revision: 'r', queryCount: 10, documentCount },
})

function plan(
  matrix: string,
  models: readonly ResolvedModel[],
  tasks: readonly TaskRef[],
  rerankers: readonly ResolvedReranker[] = [],
): Plan {
  return planSweep({ spec: spec(matrix), models, tasks, rerankers })
}
function spec(matrix: string): SweepSpec {
  const read = readSpec(`sweep: s\ntasks: [x]\nmodels: [x]\n${matrix}`, 's.yaml')
  expect(read.mistakes).toEqual([])
  if (read.spec === null) throw new Error('no spec')
  return read.spec
}
const words = (configs: readonly Config[] | undefined) =>
  configs?.map((c) => `${c.dimensions ?? 'full'} ${c.precision} ${c.similarity}`)

describe('planSweep', () => {
  it('multiplies dimensions, precisions and similarities into configs of one group', () => {
    const { groups } = plan('matrix: { dimensions: [full, 64], precision: [float32, int8] }', [model('m')], [task('t')])
    expect(groups.length).toBe(1)
    expect(words(groups[0]?.configs)).toEqual(['full float32 cosine', 'full int8 cosine', '64 float32 cosine', '64 int8 cosine'])
  })

  it('plans equal cells once: the full dimension by number, and an instruction that a model ignores', () => {
    const same = plan('matrix: { dimensions: [full, 256], instruction: [default, none] }', [model('m')], [task('t')])
    expect(same.groups.length).toBe(1)
    expect(words(same.groups[0]?.configs)).toEqual(['full float32 cosine'])
    expect(same.warnings).toEqual([])
    const { warnings } = plan('matrix: { instruction: [default, "Find it"] }', [model('m')], [task('t')])
    expect(warnings).toEqual(['m: the instruction "Find it" changes nothing of its texts, it is planned once'])
    const heeded = plan('matrix: { instruction: [default, none, "Find it"] }', [model('m', true)], [task('t')])
    expect(heeded.groups.map((group) => group.model.variant)).toEqual(['', 'no instruction', 'instruction: Find it'])
    expect(heeded.warnings).toEqual([])
  })

  it('leaves dimensions above the model out, with a warning', () => {
    const { groups, warnings } = plan('matrix: { dimensions: [full, 1024] }', [model('m')], [task('t')])
    expect(words(groups[0]?.configs)).toEqual(['full float32 cosine'])
    expect(warnings).toEqual(['m has 256 dimensions: 1024 is left out'])
  })

  it('excludes what all patterns of a rule match, and refuses a sweep of nothing', () => {
    const { groups } = plan(
      'matrix: { dimensions: [full, 64], precision: [float32, binary] }\nexclude: [{ model: b, dimensions: "!full" }, { precision: binary, dimensions: full }]',
      [model('a'), model('b')],
      [task('t')],
    )
    expect(groups.map((group) => words(group.configs))).toEqual([
      ['full float32 cosine', '64 float32 cosine', '64 binary cosine'],
      ['full float32 cosine'],
    ])
    expect(() => plan('exclude: [{ model: "*" }]', [model('a')], [task('t')])).toThrow('SB-SPEC-008')
  })

  it('compares slices of unit vectors by their cosine, once, and others as the spec says', () => {
    const bare = model('bare')
    const loose = { ...bare.recipe, query: { ...bare.recipe.query, normalize: false } }
    const matrix = 'matrix: { dimensions: [full, 64], similarity: [dot, cosine] }'
    const of = (one: ResolvedModel) => words(plan(matrix, [one], [task('t')]).groups[0]?.configs)
    expect(of(model('unit'))).toEqual(['full float32 dot', 'full float32 cosine', '64 float32 cosine'])
    expect(of({ ...bare, recipe: loose })).toEqual([
      'full float32 dot',
      'full float32 cosine',
      '64 float32 dot',
      '64 float32 cosine',
    ])
  })

  it('ranks smaller tasks first, carries budget, gates and limit', () => {
    const made = plan(
      'limit: 5\nbudget: { cell: 45m }\ngates: [{ ndcg_at_10: ">= 0.8", published: within 0.01 }]',
      [model('m')],
      [task('big', 5000), task('small', 10)],
    )
    expect(made.groups.map((group) => [group.task.task, group.rank])).toEqual([
      ['small', 0],
      ['big', 1],
    ])
    expect(made).toMatchObject({ isLimited: true, budget: { cellMs: 2_700_000, sweepMs: null } })
    expect(made.gates.map((gate) => gate.kind).sort()).toEqual(['metric', 'published'])
  })

  it('its summary counts an encoding once, whatever the number of configs', () => {
    const made = plan(
      'matrix: { dimensions: [full, 64, 32], instruction: [default, none] }',
      [model('m', true)],
      [task('t', 100)],
    )
    expect(summarizePlan(made)).toMatchObject({ cellCount: 6, groupCount: 2, encodingCount: 3, loadCount: 1, textCount: 120 })
    expect(summarizePlan(plan('', [model('m')], [task('t')])).textCount).toBeNull()
  })
  it('counts what a limit leaves, where the catalog tells it', () => {
    const textCount = (cut: Partial<TaskRef>) =>
      summarizePlan(plan('', [model('m')], [{ ...task('t', 1000), limit: 4, ...cut }])).textCount
    expect(textCount({ type: 'STS' })).toBe(4 + 4)
    expect(textCount({ limit: 1000 })).toBe(10 + 1000)
    expect(textCount({})).toBeNull()
  })
})

describe('rerankers', () => {
  const recipe: PairRecipe = { template: null, instruction: null, head: 'logit', yesToken: null, noToken: null, maxTokens: null }
  const reranker = (name: string, depths: readonly number[] = [100], tail: 'append' | 'drop' = 'append'): ResolvedReranker => ({
    load: {
      key: `${name}-load`,
      model: name,
      revision: 'r1',
      identity: { engine: 'onnx' },
      open: {},
      memoryBytes: 5000,
    } as unknown as Load,
    recipe: () => recipe,
    depths,
    tail,
  })
  const listed = 'matrix: { rerank: [none, { model: r }], dimensions: [full, 64] }'

  it('make one child group per first-stage config, behind its parent, with a lane of its own', () => {
    const { groups } = plan(listed, [model('m')], [task('t')], [reranker('r', [10, 50])])
    const [parent, ...children] = groups
    expect(parent?.configs).toHaveLength(2)
    expect(children.map(({ rerank }) => [rerank?.load.key, rerank?.depth])).toEqual([
      ['r-load', 50],
      ['r-load', 50],
    ])
    expect(children.map(({ rerank }) => rerank?.parent)).toEqual(parent?.configs.map((config) => ({ group: parent.key, config })))
    expect(children[0]?.configs.map(({ rerank }) => rerank)).toEqual([
      { model: 'r', revision: 'r1', depth: 10, tail: 'append' },
      { model: 'r', revision: 'r1', depth: 50, tail: 'append' },
    ])
    expect(new Set(groups.map(({ key }) => key)).size).toBe(3)
    expect(groups.map(({ rank }) => rank)).toEqual([0, 1, 2])
  })

  it('put depths and tails of one reranker into one child, so that its pairs are scored once', () => {
    const { groups } = plan('', [model('m')], [task('t')], [reranker('r', [10]), reranker('r', [20], 'drop')])
    expect(groups).toHaveLength(2)
    expect(groups[1]?.rerank?.depth).toBe(20)
    expect(groups[1]?.configs.map(({ rerank }) => `${rerank?.depth} ${rerank?.tail}`)).toEqual(['10 append', '20 drop'])
  })

  it('leave the key of a config without a reranker as it was', () => {
    const { groups } = plan(listed, [model('m')], [task('t')], [reranker('r')])
    const alone = plan('matrix: { dimensions: [full, 64] }', [model('m')], [task('t')])
    expect(groups[0]?.key).toBe(alone.groups[0]?.key)
    expect(groups[0]?.configs.map(configKey)).toEqual(alone.groups[0]?.configs.map(configKey))
  })

  it('keep the first stage they need, whatever is excluded', () => {
    const without = `${listed}\nexclude: [{ dimensions: 64, rerank: "!none" }, { rerank: none }]`
    const { groups } = plan(without, [model('m')], [task('t')], [reranker('r')])
    expect(groups.map(({ configs }) => words(configs))).toEqual([['full float32 cosine'], ['full float32 cosine']])
  })

  it('count in the summary of a plan', () => {
    const summary = summarizePlan(plan(listed, [model('m')], [task('t', 1000)], [reranker('r', [10, 20])]))
    expect(summary).toMatchObject({ cellCount: 6, loadCount: 2, memoryBytes: 5000, textCount: 10 + 1000 + 2 * 200 })
  })

  it('are listed with their lines, braces expanded, and mistakes are named', () => {
    const text = 'sweep: s\ntasks: [x]\nmodels: [x]\nmatrix:\n  rerank:\n    - none\n    - { model: "q-{1,2}", depth: [5, 9] }\n'
    expect(readSpec(text, 's.yaml').rerankers).toEqual([
      { value: { model: 'q-1', depth: [5, 9] }, line: 7 },
      { value: { model: 'q-2', depth: [5, 9] }, line: 7 },
    ])
    const { mistakes } = readSpec(text.replace('[5, 9]', '5000').replace('model: ', 'modle: '), 's.yaml')
    expect(mistakes.map(({ code, line }) => [code, line])).toEqual(expect.arrayContaining([['SB-SPEC-003', 7]]))
  })
})

describe('cuts, hybrids and lexical models', () => {
  const lexical: ResolvedModel = {
    load: { ...model('bm25').load, key: 'b-load', revision: '1', identity: { engine: 'bm25' } } as unknown as Load,
    recipe: { query: side('q'), document: side('d'), similarity: 'dot', dimensions: 1 } as unknown as Recipe,
    sides: () => ({ query: side('q'), document: side('d') }),
  }
  const reranker: ResolvedReranker = {
    load: { key: 'r-load', model: 'r', revision: '1', identity: { engine: 'onnx' }, open: {}, memoryBytes: 1 } as unknown as Load,
    recipe: () => ({ template: null, instruction: null, head: 'logit', yesToken: null, noToken: null, maxTokens: null }),
    depths: [10, 20],
    tail: 'append',
  }
  const planned = (text: string, parts: Partial<Parameters<typeof planSweep>[0]> = {}) =>
    planSweep({ spec: spec(text), models: [model('m')], tasks: [task('t')], lexical, ...parts })
  const shown = ({ groups }: Plan) => groups.map(({ configs }) => configs.map((config) => shownVariant('', config)))

  it('stand behind the cells they are made from, the lexical group planned with them', () => {
    const made = planned('matrix: { hybrid: [none, { bm25: 0.3 }, { bm25: rrf }], cut: [none, { top: 5 }, { score: 0.5 }] }')
    expect(shown(made)).toEqual([
      [''],
      [''],
      ['with bm25 0.3', 'with bm25 by reciprocal rank'],
      ['cut at top 5', 'cut at score 0.5'],
      ['with bm25 0.3 · cut at top 5', 'with bm25 0.3 · cut at score 0.5'],
      ['with bm25 by reciprocal rank · cut at top 5', 'with bm25 by reciprocal rank · cut at score 0.5'],
    ])
    expect(made.groups[0]?.model.load).toBe(lexical.load)
    const before = new Set<string>()
    for (const { key, derive } of made.groups) {
      for (const source of derive?.sources ?? []) expect(before).toContain(source.group)
      before.add(key)
    }
    expect(before.size).toBe(made.groups.length)
    expect(made.groups[2]?.derive?.sources).toEqual([
      { group: made.groups[1]?.key, config: made.groups[1]?.configs[0] },
      { group: made.groups[0]?.key, config: made.groups[0]?.configs[0] },
    ])
    expect(summarizePlan(made)).toMatchObject({ cellCount: 10, encodingCount: 4, loadCount: 2 })
  })

  it('multiply with rerankers: what is fused is re-ordered, what is re-ordered is cut', () => {
    const text = 'matrix: { hybrid: { bm25: 0.3 }, cut: { top: 5 }, rerank: { model: r } }'
    const made = planned(text, { rerankers: [reranker] })
    expect(shown(made)).toEqual([
      [''],
      [''],
      ['with bm25 0.3'],
      ['with bm25 0.3 · top 10 by r', 'with bm25 0.3 · top 20 by r'],
      ['with bm25 0.3 · top 10 by r · cut at top 5'],
      ['with bm25 0.3 · top 20 by r · cut at top 5'],
    ])
    expect(made.groups[3]?.rerank?.parent).toEqual({ group: made.groups[2]?.key, config: made.groups[2]?.configs[0] })
  })

  it('are named by exclude, and stand on tasks with ranked lists only', () => {
    const text = 'matrix: { hybrid: [none, { bm25: 0.3 }, { bm25: rrf }], cut: [none, { top: 5 }] }'
    expect(shown(planned(`${text}\nexclude: [{ hybrid: 0.3 }, { cut: "top*", hybrid: none }]`)).flat()).toEqual([
      '',
      '',
      'with bm25 by reciprocal rank',
      'with bm25 by reciprocal rank · cut at top 5',
    ])
    expect(shown(planned(text, { tasks: [{ ...task('t'), type: 'STS' }] }))).toEqual([['']])
  })

  it('cut the lists of a reranker that is itself the model, which `exclude` of rerankers does not touch', () => {
    const text = 'matrix: { cut: [none, { top: 5 }] }\nexclude: [{ rerank: "!none" }]'
    const tasks = [{ ...task('t'), type: 'Reranking' as const }]
    const made = planned(text, { models: [], rerankingModels: [reranker], tasks })
    expect(shown(made)).toEqual([[''], ['cut at top 5']])
    expect(made.groups[1]?.derive?.sources[0]?.group).toBe(made.groups[0]?.key)
    expect(made.groups.map(({ rerank }) => rerank === undefined)).toEqual([false, true])
  })

  it('keep a lexical model to one cell a task and to ranked lists, and say so', () => {
    const tasks = [task('t'), { ...task('s'), type: 'STS' as const }]
    const made = planned('matrix: { dimensions: [full, 64], instruction: [default, none] }', { models: [lexical], tasks })
    expect(made.groups.map(({ configs, task: { task: name } }) => [name, words(configs)])).toEqual([['t', ['full float32 dot']]])
    expect(made.warnings.join('\n')).toMatch(/do not multiply[\s\S]*s is left out/)
  })

  it("keep lexical models and rerankers from MTEB 1's form of reranking, which keeps no lists, and say so", () => {
    const old = { ...task('r'), type: 'Reranking' as const, mainScore: 'map' }
    const made = planned('matrix: { cut: [none, { top: 5 }] }', {
      models: [lexical, model('m')],
      rerankingModels: [reranker],
      tasks: [old],
    })
    expect(made.groups.map((group) => [group.model.load.model, group.configs.length])).toEqual([['m', 1]])
    expect(made.warnings.join('\n')).toMatch(/r is left out, `mainScore: map` is MTEB 1's form[\s\S]*not in MTEB 1's form/)
  })

  it('warn of languages that a model does not claim, once a model', () => {
    const claims = model('m')
    const english = { ...claims, load: { ...claims.load, languages: ['en'] } }
    const tasks = ['t', 'u', 'v'].map((name, i) => ({ ...task(name), languages: [i < 2 ? 'cmn-Hans' : 'eng-Latn'] }))
    expect(planned('', { models: [english], tasks }).warnings).toEqual([
      'm does not claim cmn-Hans: its rows of t, u carry "language not claimed"',
    ])
    expect(planned('', { models: [claims], tasks }).warnings).toEqual([])
  })
})
