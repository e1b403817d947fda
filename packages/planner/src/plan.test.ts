import type { Config, Load, Plan, Recipe, SideRecipe, TaskRef } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { planSweep, type ResolvedModel } from './plan.ts'
import { summarizePlan } from './plan-summary.ts'
import { readSpec } from './spec.ts'

const side = (template: string): SideRecipe =>
  ({ template, pooling: 'mean', normalize: true, maxTokens: null, closingToken: null }) as unknown as SideRecipe

/** A model of 256 dimensions; it heeds instructions where `isInstructed`. */
function model(name: string, isInstructed = false): ResolvedModel {
  const recipe = { query: side('{text}'), document: side('{text}'), similarity: 'cosine', dimensions: 256 } as unknown as Recipe
  const load = { key: `${name}-load`, model: name, memoryBytes: 1000 } as unknown as Load
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

function plan(matrix: string, models: readonly ResolvedModel[], tasks: readonly TaskRef[]): Plan {
  const { spec, mistakes } = readSpec(`sweep: s\ntasks: [x]\nmodels: [x]\n${matrix}`, 's.yaml')
  expect(mistakes).toEqual([])
  if (spec === null) throw new Error('no spec')
  return planSweep({ spec, models, tasks })
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
    const heeded = plan('matrix: { instruction: [default, none, "Find it"] }', [model('m', true)], [task('t')])
    expect(heeded.groups.map((group) => group.model.variant)).toEqual(['', 'no instruction', 'instruction: Find it'])
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
})
