import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '@sweepboard/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CellEvent, cellsOf, openPlace, type Place, start, sweepboard } from './command.ts'

const MODEL = 'local/pocket-static-en'
const SPEC = `sweep: stages
tasks: [./hostile]
models: [${MODEL}]
matrix:
  hybrid: [none, { bm25: 0.4 }, { bm25: rrf }]
  cut: [none, { top: 2 }, { score: 0.3 }]
`
/** Ids that look like something else, and two documents of one text. */
const CORPUS: readonly [string, string][] = [
  ['__proto__', 'apples grow on trees'],
  ['../../etc', 'pears grow on trees too'],
  ['a b","c":{"d":1}', 'planets circle the sun'],
  ['constructor', 'the moon circles the earth'],
  ['twin', 'apples grow on trees'],
]
const QUERIES: readonly [string, string][] = [
  ['toString', 'do apples grow on trees'],
  ['q"2\\', 'what circles the earth'],
  ['hasOwnProperty', 'pears grow on trees'],
]
const JUDGED = ['toString\t__proto__\t1', 'q"2\\\tconstructor\t2', 'hasOwnProperty\ta b","c":{"d":1}\t1']
const lines = (rows: readonly (readonly [string, string])[]) =>
  rows.map(([_id, text]) => `${JSON.stringify({ _id, text })}\n`).join('')

interface Row {
  readonly query: string
  readonly positives: readonly string[]
  readonly negatives: readonly string[]
  readonly ids: { readonly query: string; readonly positives: readonly string[]; readonly negatives: readonly string[] }
}
const readRows = (file: string) =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row)

describe('second stages from stored runs, through the command', () => {
  let place: Place
  let cells: readonly (CellEvent & { readonly config: Config })[]
  beforeAll(async () => {
    place = openPlace()
    mkdirSync(join(place.folder, 'hostile/qrels'), { recursive: true })
    place.write('hostile/corpus.jsonl', lines(CORPUS))
    place.write('hostile/queries.jsonl', lines(QUERIES))
    place.write('hostile/qrels/test.tsv', JUDGED.join('\n'))
    const spec = place.write('s.yaml', SPEC)
    const ran = await sweepboard('run', spec, '--no-serve', '--json', '--offline', '--data', place.data)
    expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
    cells = cellsOf(ran.stdout) as unknown as typeof cells
  })
  afterAll(() => place.remove())

  it('scores every combination; a cut tells precision and recall there, nothing else does', () => {
    expect(cells.map(({ model, state }) => `${model} ${state}`).sort()).toEqual([
      ...Array(9).fill(`${MODEL} scored`),
      'mteb/baseline-bm25s scored',
    ])
    for (const { config, metrics } of cells) expect('precision_at_cut' in metrics).toBe(config.cut !== undefined)
    const top2 = cells.filter(({ config }) => config.cut && 'top' in config.cut)
    expect(top2.map(({ metrics }) => metrics.kept_mean)).toEqual([2, 2, 2])
    // Nothing stands below the cut, so that deeper recall is that at the cut.
    for (const { metrics } of top2) expect(metrics.recall_at_cut).toBe(metrics.recall_at_1000)
  })

  it('writes hard negatives from a folder and through a service, whatever the ids look like', async () => {
    const here = join(place.folder, 'here.jsonl')
    const choice = ['--model', MODEL, '--task', 'hostile', '--json']
    const wrote = await sweepboard('export', 'hard-negatives', here, ...choice, '--data', place.data)
    expect(wrote.exit, wrote.stderr).toBe(0)
    const rows = readRows(here)
    const summary = { rowCount: rows.length, queryCount: 3, negativeCount: rows.flatMap(({ negatives }) => negatives).length }
    expect(JSON.parse(wrote.stdout)).toMatchObject({ ...summary, depth: 100, runs: [{ variant: '', subset: 'default' }] })
    const planets = rows.find(({ ids }) => ids.query === 'hasOwnProperty')
    expect(planets).toMatchObject({ query: 'pears grow on trees', positives: ['planets circle the sun'] })
    expect(planets?.ids.positives).toEqual(['a b","c":{"d":1}'])
    expect(planets?.negatives[0]).toBe('pears grow on trees too')
    expect(planets?.negatives.filter((text) => text === 'apples grow on trees')).toHaveLength(1)
    const texts = new Map(CORPUS)
    for (const { ids, negatives } of rows) expect(ids.negatives.map((id) => texts.get(id))).toEqual(negatives)

    const serving = start(['serve', '--data', place.data, '--port', '0'])
    try {
      await serving.until('http://127.0.0.1:')
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(serving.said().stdout + serving.said().stderr)?.[0] ?? ''
      const there = join(place.folder, 'there.jsonl')
      const asked = await sweepboard('export', 'hard-negatives', there, ...choice, '--to', url)
      expect(asked.exit, asked.stderr).toBe(0)
      expect(readRows(there)).toEqual(rows)
    } finally {
      serving.child.kill('SIGTERM')
      await serving.ended
    }
  })

  it.each([
    [['--task', 'nothing'], 'no ranked run is stored'],
    [['--task', 'hostile', '--variant', 'with nothing'], 'with mteb/baseline-bm25s 0.4 · cut at top 2'],
  ])('says what is stored where %j names no run', async (choice, said) => {
    const file = join(place.folder, 'none.jsonl')
    const wrote = await sweepboard('export', 'hard-negatives', file, '--model', MODEL, ...choice, '--data', place.data)
    expect(wrote.exit).not.toBe(0)
    expect(wrote.stderr).toContain('SB-FILE-006')
    expect(wrote.stderr).toContain(said)
  })
})
