import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPlace, type Place, SHARED, sweepboard } from './command.ts'

const RESULTS = join(SHARED, 'mteb-results')
const EIGHT = 'Qwen/Qwen3-Embedding-8B'

function resultFile(task: string, score: number): string {
  const entry = { ndcg_at_10: score, main_score: score, hf_subset: 'default', languages: ['eng-Latn'] }
  const head = { dataset_revision: 'x', task_name: task, mteb_version: '2.20.0', evaluation_time: 4, kg_co2_emissions: null }
  return JSON.stringify({ ...head, scores: { test: [entry] } })
}

describe.skipIf(!existsSync(RESULTS))('reproduce --from (needs ../shared)', () => {
  let place: Place
  beforeAll(() => {
    place = openPlace()
  })
  afterAll(() => place.remove())

  it('fails a file 0.05223 below the published score, and says whose numbers are nearer', async () => {
    const file = place.write('AILAStatutes.json', resultFile('AILAStatutes', 0.79863))
    const ran = await sweepboard('reproduce', EIGHT, 'AILAStatutes', '--from', file, '--published', RESULTS)
    expect(ran.exit).toBe(1)
    expect(ran.stdout).toMatch(/^FAIL: AILAStatutes 0\.79863, published 0\.85086 .* 0\.05223 below/)
    expect(ran.stdout).toContain('first suspicion, the wrong weights')
  })

  it('judges any other file by the same code, from imported rows too', async () => {
    const imported = await sweepboard('import', join(RESULTS, 'BAAI__bge-m3'), '--data', place.data)
    expect(imported.exit).toBe(0)
    const file = place.write('other.json', resultFile('AILAStatutes', 0.3))
    const near = await sweepboard('reproduce', 'bge-m3', '--from', file, '--data', place.data, '--json')
    expect(near.exit).toBe(0)
    expect(JSON.parse(near.stdout)).toMatchObject({ task: 'AILAStatutes', outcome: 'PASS', against: { model: 'BAAI/bge-m3' } })
    const strict = await sweepboard('reproduce', 'bge-m3', '--from', file, '--data', place.data, '--tolerance', '0.001', '--json')
    expect(strict.exit).toBe(1)
    const slow = await sweepboard('reproduce', 'bge-m3', '--from', file, '--data', place.data, '--budget', '3s', '--json')
    expect(JSON.parse(slow.stdout)).toMatchObject({ outcome: 'FAIL', isWithinBudget: false })
  })

  it('refuses what it cannot judge: another task, no published row, no result file', async () => {
    const file = place.write('again.json', resultFile('AILAStatutes', 0.3))
    const codes = [
      [EIGHT, 'SciFact', '--from', file, '--published', RESULTS],
      ['nobody/knows-this', '--from', file, '--published', RESULTS],
      [EIGHT, '--from', place.write('broken.json', '{"scores": 1}'), '--published', RESULTS],
    ].map(async (args) => JSON.parse((await sweepboard('reproduce', ...args, '--json')).stdout).code)
    expect(await Promise.all(codes)).toEqual(['SB-FILE-002', 'SB-FILE-004', 'SB-FILE-002'])
  })
})
