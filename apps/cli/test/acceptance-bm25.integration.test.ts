import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cellsOf, openPlace, type Place, SHARED, sweepboard } from './command.ts'

type Numbers = Readonly<Record<string, number | string | null>>

const GOLDEN = join(SHARED, 'golden/evaluators/bm25')
const isThere = existsSync(join(SHARED, 'datasets/AILAStatutes')) && existsSync(GOLDEN)

const SPEC = `sweep: bm25
tasks: [AILAStatutes, { task: XQuADRetrieval, subsets: [en, de, zh] }, STSBenchmark]
models: [mteb/baseline-bm25s, { model: mteb/baseline-bm25s, revision: "0_1_10" }]
`

function golden(name: string): Numbers {
  return JSON.parse(readFileSync(join(GOLDEN, `${name}.json`), 'utf8')).expected.entry
}

describe.skipIf(!isThere)('bm25 through the command (needs ../shared)', () => {
  let place: Place
  let stdout: string
  beforeAll(async () => {
    place = openPlace()
    const datasets = join(SHARED, 'datasets')
    const spec = place.write('bm25.yaml', SPEC)
    const ran = await sweepboard('run', spec, '--no-serve', '--json', '--offline', '--datasets', datasets, '--data', place.data)
    expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
    stdout = ran.stdout
    expect(ran.stdout + ran.stderr).toContain('STSBenchmark is left out')
  })
  afterAll(() => place.remove())

  it('scores every cell, none of the tasks without ranked lists', () => {
    const cells = cellsOf(stdout)
    expect(cells.map(({ state }) => state)).toEqual(Array(8).fill('scored'))
    expect(new Set(cells.map(({ task }) => task))).toEqual(new Set(['AILAStatutes', 'XQuADRetrieval']))
  })

  it.each([
    { task: 'AILAStatutes', subset: 'default', cases: ['ailastatutes', 'ailastatutes'], published: 0.21618 },
    { task: 'XQuADRetrieval', subset: 'en', cases: ['xquad-en', 'xquad-en'], published: 0.96494 },
    { task: 'XQuADRetrieval', subset: 'de', cases: ['xquad-de', 'xquad-de-english'], published: 0.92521 },
    { task: 'XQuADRetrieval', subset: 'zh', cases: ['xquad-zh', 'xquad-zh-english'], published: null },
  ])('$task $subset: every metric of the reference, in its own language and in English', ({ task, subset, cases, published }) => {
    const found = cellsOf(stdout).filter((cell) => cell.task === task && cell.subset === subset)
    for (const name of cases) {
      const wanted = Object.entries(golden(name)).filter(([key]) => key !== 'main_score')
      const differing = found.map(({ metrics }) => wanted.filter(([key, value]) => (metrics[key] ?? 'NaN') !== value))
      expect(Math.min(...differing.map(({ length }) => length)), name).toBe(0)
      expect(wanted).toHaveLength(148)
    }
    if (published !== null) expect(found.map((cell) => cell.main_score)).toContain(published)
  })

  it('goes into result files of its two revisions', async () => {
    const exported = await sweepboard('export', join(place.folder, 'out'), '--data', place.data, '--json')
    expect(JSON.parse(exported.stdout)).toMatchObject({ fileCount: 4, cellCount: 8 })
    for (const revision of ['0_1_10', '0_3_0'])
      expect(existsSync(join(place.folder, 'out/mteb__baseline-bm25s', revision, 'AILAStatutes.json'))).toBe(true)
  })
})
