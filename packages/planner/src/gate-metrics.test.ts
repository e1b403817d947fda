import { existsSync, globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { listTasks } from '@sweepboard/tasks'
import { describe, expect, it } from 'vitest'
import { METRICS } from './gate-metrics.ts'
import { readSpec } from './spec.ts'

const RESULTS = fileURLToPath(new URL('../../../../shared/mteb-results', import.meta.url))
const TASKS = { AILAStatutes: 'Retrieval', STS12: 'STS', Tatoeba: 'BitextMining' }

describe('metrics of gates', () => {
  it('hold every main score of the task types that are evaluated', () => {
    const types = ['Retrieval', 'Reranking', 'InstructionReranking', 'STS', 'PairClassification', 'BitextMining']
    const names = listTasks().flatMap(({ type, mainScore }) => (types.includes(type) ? [mainScore] : []))
    expect(names.length).toBeGreaterThan(50)
    expect([...new Set(names)].filter((name) => !METRICS.includes(name))).toEqual([])
  })

  it('refuses an unknown metric with its line and the nearest name', () => {
    const text =
      'sweep: s\ntasks: [SciFact]\nmodels: [m]\ngates:\n  - ndcg_at_10: ">= 0.5"\n    ndgc_at_10: ">= 0.5"\n  - { task: "*", nope: 1 }\n'
    const { mistakes } = readSpec(text, 'a.yaml')
    expect(mistakes).toMatchObject([
      { code: 'SB-SPEC-009', line: 6, message: expect.stringContaining('did you mean "ndcg_at_10"?') },
      { code: 'SB-SPEC-009', line: 7, message: 'gate nope: there is no such metric' },
    ])
  })

  it.skipIf(!existsSync(RESULTS)).each(Object.keys(TASKS))(
    'knows every metric of published files of %s (skipped without ../shared)',
    (task) => {
      const [file = ''] = globSync(`**/${task}.json`, { cwd: RESULTS })
      const { scores } = JSON.parse(readFileSync(`${RESULTS}/${file}`, 'utf8').replaceAll('NaN', 'null')) as {
        scores: Record<string, Record<string, unknown>[]>
      }
      const keys = Object.values(scores).flatMap((entries) => entries.flatMap((entry) => Object.keys(entry)))
      const own = ['main_score', 'hf_subset', 'languages', 'mteb_version', 'evaluation_time', 'date']
      expect(keys.length).toBeGreaterThan(5)
      expect(keys.filter((key) => !METRICS.includes(key) && !own.includes(key))).toEqual([])
    },
  )
})
