import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPlace, type Place, SHARED, sweepboard } from './command.ts'

interface Row {
  readonly model: string
  readonly variant: string
  readonly isDefault: boolean
  readonly scores: Readonly<Record<string, number>>
}

const RERANKER = join(SHARED, 'models/tiny-bert-reranker')
const QWEN = join(SHARED, 'models/tiny-qwen3-reranker')

describe.skipIf(!existsSync(RERANKER))('rerankers, through the command (needs ../shared/models)', () => {
  let place: Place
  let rows: readonly Row[]
  beforeAll(async () => {
    place = openPlace()
    place.write('cats/task.json', '{"type":"Reranking","name":"Cats","languages":["eng-Latn"]}')
    const lists = Array.from({ length: 8 }, (_, i) => ({
      query: `question ${i} about cats`,
      positive: [`cats answer ${i}`],
      negative: [`dogs ${i}`, `birds ${i} and planes`, `nothing ${i}`],
    }))
    place.write('cats/test.jsonl', lists.map((row) => `${JSON.stringify(row)}\n`).join(''))
    const spec = place.write(
      'rerank.yaml',
      `sweep: rerank
tasks: [SemanticTrapsEn, ./cats]
models:
  - local/pocket-static-en
  - ${RERANKER}
  - { model: ${QWEN}, recipe: { like: Qwen/Qwen3-Reranker-0.6B } }
matrix:
  rerank:
    - none
    - { model: ${RERANKER}, depth: [1, 5] }
    - { model: ${RERANKER}, depth: 5, tail: drop }
exclude:
  - { task: Cats, rerank: "!none" }
`,
    )
    const ran = await sweepboard('run', spec, '--no-serve', '--offline', '--json', '--data', place.data)
    expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
    rows = JSON.parse((await sweepboard('leaderboard', '--data', place.data, '--json')).stdout).rows
  })
  afterAll(() => place.remove())

  const score = (variant: string, task = 'SemanticTrapsEn') =>
    rows.find((row) => row.model.includes('pocket') && row.variant === variant)?.scores[task]

  it('stand beside the first stage, each depth and tail a row', () => {
    const variants = rows.filter(({ model }) => model.includes('pocket')).map(({ variant }) => variant)
    const by = (words: string) => `${words} by local/tiny-bert-reranker`
    expect(variants.sort()).toEqual(['', by('top 1'), by('top 5 only'), by('top 5')].sort())
    // One document re-ordered is none, and what lies below depth 5 adds to the list.
    expect(score(by('top 1'))).toBe(score(''))
    expect(score(by('top 5'))).not.toBe(score(''))
    expect(score(by('top 5')) as number).toBeGreaterThanOrEqual(score(by('top 5 only')) as number)
  })

  it('are models of their own on candidate lists, and only there', () => {
    for (const name of ['tiny-bert-reranker', 'tiny-qwen3-reranker']) {
      const row = rows.find(({ model }) => model === `local/${name}`)
      expect(row).toMatchObject({ variant: '', isDefault: true })
      expect(Object.keys(row?.scores ?? {})).toEqual(['Cats'])
    }
  })

  it('leave result files: the first stage in the main folder, reranked ones below experiments', async () => {
    const out = join(place.folder, 'out')
    const { stdout } = await sweepboard('export', out, '--data', place.data, '--json')
    expect(JSON.parse(stdout)).toMatchObject({ cellCount: 7 })
  })

  it('compute nothing anew when a deeper list is asked for later but the pairs that are missing', async () => {
    const spec = place.write(
      'deeper.yaml',
      `sweep: deeper\ntasks: [SemanticTrapsEn]\nmodels: [local/pocket-static-en]\nmatrix: { rerank: { model: ${RERANKER}, depth: [5, 8] } }\n`,
    )
    const ran = await sweepboard('run', spec, '--no-serve', '--offline', '--json', '--data', place.data)
    expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
    const board = JSON.parse((await sweepboard('leaderboard', '--data', place.data, '--json')).stdout).rows as Row[]
    const again = board.filter(({ variant }) => variant === 'top 5 by local/tiny-bert-reranker')
    expect(again.map(({ scores }) => scores.SemanticTrapsEn)).toEqual([score('top 5 by local/tiny-bert-reranker')])
    expect(board.some(({ variant }) => variant === 'top 8 by local/tiny-bert-reranker')).toBe(true)
  })
})
