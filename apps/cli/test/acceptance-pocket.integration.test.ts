import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CellEvent, cellsOf, openPlace, type Place, REPOSITORY, SHARED, sweepboard } from './command.ts'

const DIMENSIONS = [256, 128, 64, 32]
const SPEC = `sweep: pocket
tasks: [AILAStatutes, SciFact, { task: XQuADRetrieval, subsets: [en] }]
models: [local/pocket-static-en]
matrix: { dimensions: [full, 128, 64, 32] }
gates:
  - { task: SciFact, ndcg_at_10: ">= 0.4979" }
  - { task: SciFact, ndcg_at_10: ">= 0.5" }
  - { task: SciFact, published: within 0.01 }
`

/** Main scores of the model's card at 256, 128, 64 and 32 dimensions. */
function cardScores(title: string): number[] {
  const card = readFileSync(join(REPOSITORY, 'examples/models/pocket-static-en/README.md'), 'utf8')
  const row = card.split('\n').find((line) => line.startsWith(`| ${title} (`))
  return (row ?? '').split('|').slice(2, 6).map(Number)
}

describe.skipIf(!existsSync(join(SHARED, 'datasets/SciFact')))('the shipped model, through the command (needs ../shared)', () => {
  let place: Place
  let cells: readonly CellEvent[]
  let gates: readonly Record<string, unknown>[]
  let exit: number
  beforeAll(async () => {
    place = openPlace()
    const spec = place.write('pocket.yaml', SPEC)
    const ran = await sweepboard(
      'run',
      spec,
      '--no-serve',
      '--json',
      '--datasets',
      join(SHARED, 'datasets'),
      '--data',
      place.data,
    )
    cells = cellsOf(ran.stdout)
    gates = ran.stdout.split('\n').flatMap((line) => (line.startsWith('{"event":"gate"') ? [JSON.parse(line)] : []))
    exit = ran.exit
  })
  afterAll(() => place.remove())

  for (const [task, title] of [
    ['SciFact', 'SciFact'],
    ['XQuADRetrieval', 'XQuADRetrieval en'],
    ['AILAStatutes', 'AILAStatutes'],
  ] as const) {
    it(`scores what its card says on ${title}, at 256, 128, 64 and 32 dimensions`, () => {
      const wanted = cardScores(title)
      const found = DIMENSIONS.map(
        (size) =>
          cells.find((cell) => cell.task === task && (cell.config.dimensions ?? 256) === size && cell.state === 'scored')
            ?.main_score ?? Number.NaN,
      )
      expect(wanted.length).toBe(4)
      for (const [i, score] of found.entries())
        expect(Math.abs(score - (wanted[i] as number)), `${DIMENSIONS[i]}`).toBeLessThan(1e-4)
    })
  }

  it('a gate that does not hold, and one without a published result, make exit 1 and say why', () => {
    expect(exit).toBe(1)
    expect(gates.map((gate) => gate.holds)).toEqual([true, false, false])
    expect(gates[1]?.message).toMatch(/ndcg_at_10 is 0\.49\d/)
    expect(gates[2]?.message).toContain('no published result')
  })

  it('exports the full dimension as the main file and the others below experiments/', async () => {
    const out = join(place.folder, 'out')
    const exported = await sweepboard('export', out, '--data', place.data, '--json')
    expect(JSON.parse(exported.stdout)).toMatchObject({ fileCount: 12, cellCount: 12 })
    const board = JSON.parse((await sweepboard('leaderboard', '--data', place.data, '--json')).stdout)
    const { model, revision } = board.rows[0]
    const base = join(out, model.replace('/', '__'), revision)
    expect(existsSync(join(base, 'SciFact.json'))).toBe(true)
    expect(existsSync(join(base, 'experiments/dimensions_64/SciFact.json'))).toBe(true)
    const meta = JSON.parse(readFileSync(join(base, 'experiments/dimensions_64/model_meta.json'), 'utf8'))
    expect(meta).toMatchObject({ name: model, revision, experiment_kwargs: { dimensions: 64 } })
  })
})
