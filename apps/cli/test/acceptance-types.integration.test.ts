import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { findTask } from '@sweepboard/tasks'
import { startStubHub } from '@sweepboard/test-kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPlace, type Place, SHARED, start, sweepboard } from './command.ts'

type Entry = { readonly hf_subset: string } & Readonly<Record<string, unknown>>
interface ResultFile {
  readonly scores: Readonly<Record<string, readonly Entry[]>>
}

const RANDOM = 'mteb__baseline-random-encoder/1'
const TASKS = ['STS12', 'STS15', 'STSBenchmark', 'STSB', 'Tatoeba'] as const
const isThere = existsSync(join(SHARED, 'datasets/sts12-15')) && existsSync(join(SHARED, 'mteb-results', RANDOM))

function readResults(root: string, task: string): ResultFile {
  return JSON.parse(readFileSync(join(root, RANDOM, `${task}.json`), 'utf8').replace(/:\s*NaN/g, ': null')) as ResultFile
}

describe.skipIf(!isThere)('the published random encoder on other task types, through the command (needs ../shared)', () => {
  let place: Place
  beforeAll(async () => {
    place = openPlace()
    const spec = place.write('types.yaml', `sweep: types\ntasks: [${TASKS.join(', ')}]\nmodels: [mteb/baseline-random-encoder]\n`)
    const where = ['--datasets', join(SHARED, 'datasets'), '--data', place.data]
    const ran = await sweepboard('run', spec, '--no-serve', '--offline', '--json', ...where)
    expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
    await sweepboard('export', join(place.folder, 'out'), '--data', place.data)
  })
  afterAll(() => place.remove())

  it.each(TASKS)('%s: every published key, to the digit', (task) => {
    const [ours, theirs] = [readResults(join(place.folder, 'out'), task), readResults(join(SHARED, 'mteb-results'), task)]
    let compared = 0
    for (const [split, entries] of Object.entries(ours.scores)) {
      for (const entry of entries) {
        const published = theirs.scores[split]?.find(({ hf_subset }) => hf_subset === entry.hf_subset)
        const keys = Object.keys(published ?? {}).filter((key) => typeof published?.[key] === 'number')
        expect(Object.fromEntries(keys.map((key) => [key, entry[key]]))).toEqual(
          Object.fromEntries(keys.map((key) => [key, published?.[key]])),
        )
        compared += keys.length
      }
    }
    expect(compared).toBeGreaterThanOrEqual(9)
  })
})

describe('a task from its hub repository, through the command', () => {
  it('is fetched at the pinned revision once, with the token, and read from the cache offline', async () => {
    const place = openPlace()
    const dataset = findTask('STSBenchmark')?.dataset
    if (!dataset?.path) throw new Error('the catalog names no repository')
    const rows = Array.from({ length: 30 }, (_, i) => ({ sentence1: `one ${i}`, sentence2: `two ${i * 7}`, score: i % 6 }))
    const file = gzipSync(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    const repos = { [dataset.path]: { commit: dataset.revision, files: { 'test.jsonl.gz': file }, token: 'hf_secret' } }
    const hub = await startStubHub({ repos })
    try {
      const spec = place.write('hub.yaml', 'sweep: hub\ntasks: [STSBenchmark]\nmodels: [mteb/baseline-random-encoder]\n')
      const run = (data: string, ...more: string[]) =>
        start(['run', spec, '--no-serve', '--json', '--data', data, ...more], {
          HF_ENDPOINT: hub.url,
          HF_HOME: join(place.folder, 'hf'),
          HF_TOKEN: 'hf_secret',
        }).ended
      const first = await run(place.data)
      expect(first.exit, first.stdout + first.stderr).toBe(0)
      expect(hub.requests.length).toBeGreaterThan(0)
      expect(hub.requests.every(({ host, authorization }) => (host === 'hub') === (authorization === 'Bearer hf_secret'))).toBe(
        true,
      )
      expect(first.stdout + first.stderr).not.toContain('hf_secret')
      await hub.close()
      const second = await run(join(place.folder, 'other'), '--offline')
      expect(second.exit, second.stdout + second.stderr).toBe(0)
      const board = async (data: string) => (await sweepboard('leaderboard', '--data', data, '--json')).stdout
      expect(JSON.parse(await board(join(place.folder, 'other'))).rows).toEqual(JSON.parse(await board(place.data)).rows)
    } finally {
      await hub.close()
      place.remove()
    }
  })
})
