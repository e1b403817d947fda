import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { SideRecipe, type TaskJudgments } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
// relative, as scoring itself does not depend on the engines
import { openRandomEngine } from '../../models/src/random-engine.ts'
import type { Matrix } from '../src/index.ts'
import { type Entry, expectSameEntry, scoreStored } from './golden-files.ts'
import { FULL_COSINE, MemoryStore } from './memory-store.ts'

const SHARED = new URL('../../../../shared/', import.meta.url)
const PUBLISHED = new URL('mteb-results/mteb__baseline-random-encoder/1/', SHARED)
const isThere = existsSync(PUBLISHED) && existsSync(new URL('datasets/', SHARED))

type Pair = readonly [first: string, second: string, gold: number]

function read(path: string): string {
  return readFileSync(new URL(`datasets/${path}`, SHARED), 'utf8')
}

/** The files of one SemEval year in order of name; lines without a gold score are no pairs. */
function semEval(year: string): Pair[] {
  const folder = `sts12-15/${year}`
  const inputs = readdirSync(new URL(`datasets/${folder}`, SHARED)).filter((name) => name.startsWith('STS.input.'))
  return inputs.sort().flatMap((name) => {
    const golds = read(`${folder}/${name.replace('input', 'gs')}`).split('\n')
    return read(`${folder}/${name}`)
      .split('\n')
      .flatMap((line, i) => {
        const [first = '', second = ''] = line.split('\t')
        return golds[i]?.trim() ? [[first, second, Number(golds[i])] as const] : []
      })
  })
}

function stsBenchmark(): Pair[] {
  const rows = read('stsbenchmark/sts-test.csv').split('\n').filter(Boolean)
  return rows.map((row) => row.split('\t')).map((cells) => [cells[5] ?? '', cells[6] ?? '', Number(cells[4])] as const)
}

function stsb(split: string): Pair[] {
  const rows = read(`stsb-zh/cnsd-sts-${split}.txt`).split('\n').filter(Boolean)
  return rows.map((row) => row.split('||')).map((cells) => [cells[1] ?? '', cells[2] ?? '', Number(cells[3])] as const)
}

/** Lines with their line break, as the hub's data has them. */
function tatoeba(path: string): string[] {
  return read(`tatoeba/${path}`).split(/(?<=\n)/)
}

/** Distinct texts in order of first sight, and the row of each text, as a prepared task has them. */
function textSet(texts: readonly string[]): { distinct: string[]; rows: number[] } {
  const rowOf = new Map<string, number>()
  for (const text of texts) if (!rowOf.has(text)) rowOf.set(text, rowOf.size)
  return { distinct: [...rowOf.keys()], rows: texts.map((text) => rowOf.get(text) as number) }
}

async function encoded(texts: readonly string[]): Promise<Matrix> {
  return (await openRandomEngine().encode(SideRecipe.parse({}), texts)).vectors
}

/** The published entry without what is no score. The files have bare NaN tokens. */
function publishedEntry(task: string, split: string, subset: string): Entry {
  const file = JSON.parse(readFileSync(new URL(`${task}.json`, PUBLISHED), 'utf8').replaceAll(/\bNaN\b/g, '"NaN"'))
  const found = file.scores[split].find(({ hf_subset }: { hf_subset: string }) => hf_subset === subset)
  const { hf_subset, languages, mteb_version, ...entry } = found as Entry
  return entry
}

async function ourEntry(first: readonly string[], second: readonly string[], task: { mainScore: string; judge: Judge }) {
  const [a, b] = [textSet(first), textSet(second)]
  const { results, failures } = await scoreStored(new MemoryStore(), {
    queries: await encoded(a.distinct),
    documents: await encoded(b.distinct),
    judgments: task.judge(a.rows, b.rows),
    mainScore: task.mainScore,
    configs: [FULL_COSINE],
    chunkRows: 1000,
  })
  expect(failures).toEqual([])
  return results[0]
}
type Judge = (firstRows: number[], secondRows: number[]) => TaskJudgments

describe.skipIf(!isThere)('mteb/baseline-random-encoder, published scores of pairs (skipped without ../shared)', () => {
  it.each([
    ['STS12', 'test', () => semEval('STS12'), 3108],
    ['STS15', 'test', () => semEval('STS15'), 3000],
    ['STSBenchmark', 'test', stsBenchmark, 1379],
    ['STSB', 'test', () => stsb('test'), 1361],
    ['STSB', 'validation', () => stsb('dev'), 1458],
  ] as const)('%s %s: all nine keys equal the published ones to the last digit', async (task, split, pairsOf, count) => {
    const pairs = pairsOf()
    expect(pairs).toHaveLength(count)
    const judge: Judge = (firstRows, secondRows) => ({
      version: 1,
      type: 'sts',
      minScore: 0,
      maxScore: 5,
      pairs: pairs.map(([, , gold], i) => [firstRows[i] as number, secondRows[i] as number, gold]),
    })
    const [first, second] = [pairs.map(([text]) => text), pairs.map(([, text]) => text)]
    const wanted = publishedEntry(task, split, 'default')
    expect(Object.keys(wanted)).toHaveLength(9)
    expectSameEntry(await ourEntry(first, second, { mainScore: 'cosine_spearman', judge }), wanted)
  })

  it.each(['deu', 'fra', 'rus', 'jpn', 'cmn', 'ara', 'hin', 'swh', 'tel', 'tha'])(
    'Tatoeba %s-eng: all five keys equal the published ones',
    async (language) => {
      const [first, second] = [`${language}-eng.${language}`, `${language}-eng.eng`].map((name) => tatoeba(`tatoeba.${name}`))
      const gold = [...(first ?? []).keys()]
      const judge: Judge = (firstRows, secondRows) => ({ version: 1, type: 'bitext', firstRows, secondRows, gold })
      const wanted = publishedEntry('Tatoeba', 'test', `${language}-eng`)
      expect(Object.keys(wanted)).toHaveLength(5)
      expectSameEntry(await ourEntry(first ?? [], second ?? [], { mainScore: 'f1', judge }), wanted)
    },
  )
})
