import { gzipSync, zstdCompressSync } from 'node:zlib'
import { readTextSet, type SweepError, TaskJudgments } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { jsonLines, memoryStore, tempFolder, writeFiles } from '../test/task-folder.ts'
import { prepareTask } from './prepare.ts'
import { resolveTask } from './resolve.ts'

type Files = Readonly<Record<string, string | Uint8Array>>

async function prepare(files: Files, limit?: number) {
  const folder = writeFiles(tempFolder(), files)
  const { stored, put } = memoryStore()
  const { refs } = resolveTask(folder, { limit })
  const task = await prepareTask(refs[0] as (typeof refs)[0], put)
  const bytes = (digest: string) => stored.get(digest) ?? new Uint8Array()
  return {
    refs,
    task,
    queries: readTextSet(bytes(task.queries.digest)),
    documents: readTextSet(bytes(task.documents.digest)),
    judgments: TaskJudgments.parse(JSON.parse(Buffer.from(bytes(task.judgments)).toString('utf8'))),
  }
}

async function mistakesOf(files: Files): Promise<string[]> {
  const error = (await prepare(files).catch((thrown: unknown) => thrown)) as SweepError
  expect(error.code).toBe('SB-TASK-001')
  return error.mistakes.map(({ code, line }) => `${line ?? ''} ${code}`)
}

const taskJson = (task: object) => ({ 'task.json': JSON.stringify(task) })

describe('an STS folder', () => {
  const rows = [
    { sentence1: 'a', sentence2: 'b', score: 4.5 },
    { sentence1: 'c', sentence2: 'b', score: 0 },
    { sentence1: 'a', sentence2: 'a ', score: 2 },
  ]

  it('holds pairs by row, each distinct text of a side once, without prompt sides', async () => {
    const { task, queries, documents, judgments, refs } = await prepare({
      ...taskJson({ type: 'STS', minScore: 0, maxScore: 4.5 }),
      'test.jsonl': jsonLines(rows),
    })
    expect(refs[0]).toMatchObject({ type: 'STS', mainScore: 'cosine_spearman', split: 'test' })
    expect(task).toMatchObject({ type: 'STS', promptSides: { queries: null, documents: null } })
    expect(queries).toEqual(['a', 'c'])
    expect(documents).toEqual(['b', 'a '])
    expect(judgments).toEqual({
      version: 1,
      type: 'sts',
      pairs: [
        [0, 0, 4.5],
        [1, 0, 0],
        [0, 1, 2],
      ],
      minScore: 0,
      maxScore: 4.5,
    })
    expect(task.counts).toMatchObject({ queryCount: 3, documentCount: 3, judgmentCount: 3 })
  })

  const csv = 'sentence1,sentence2,score\r\n"say ""a"",\nnow",b,4.5\r\nc,,0\r\n'
  /** Bytes that each packer joins as one file: halves packed apart, zstd's with a frame that decoders skip between them. */
  function packedApart(pack: (part: string) => Uint8Array): Uint8Array {
    const skipped = pack === zstdCompressSync ? [Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 7, 7)] : []
    return Buffer.concat([pack(csv.slice(0, 40)), ...skipped, pack(csv.slice(40))])
  }
  it('is refused where a later frame of a packed file is damaged', async () => {
    const cut = Buffer.concat([zstdCompressSync(csv), zstdCompressSync('d,e,1\r\n').subarray(0, 9)])
    expect(await mistakesOf({ ...taskJson({ type: 'STS' }), 'test.csv.zst': cut })).toEqual([' SB-TASK-012'])
  })

  it.each([
    ['test.csv', csv],
    ['test.csv.gz', gzipSync(csv)],
    ['test.csv.zst', zstdCompressSync(csv)],
    ['test.csv.gz of several members', packedApart(gzipSync)],
    ['test.csv.zst of several frames, one to be skipped', packedApart(zstdCompressSync)],
    ['test.tsv', 'sentence1\tsentence2\tscore\n"say ""a"",\nnow"\tb\t4.5\nc\t\t0'],
    [
      'test.json',
      JSON.stringify([
        { sentence1: 'say "a",\nnow', sentence2: 'b', score: 4.5 },
        { sentence1: 'c', sentence2: '', score: '0' },
      ]),
    ],
  ])('is read from %s', async (what, content) => {
    const [name = ''] = what.split(' ')
    const { queries, documents, judgments } = await prepare({ ...taskJson({ type: 'STS' }), [name]: content })
    expect(queries).toEqual(['say "a",\nnow', 'c'])
    expect(documents).toEqual(['b', ''])
    expect(judgments).toMatchObject({
      pairs: [
        [0, 0, 4.5],
        [1, 1, 0],
      ],
    })
  })

  it('is cut to its first pairs', async () => {
    const { judgments, queries } = await prepare({ ...taskJson({ type: 'STS' }), 'test.jsonl': jsonLines(rows) }, 1)
    expect(queries).toEqual(['a'])
    expect(judgments).toMatchObject({ pairs: [[0, 0, 4.5]] })
  })

  it('is refused with every mistake at its line', async () => {
    const bad = [
      { sentence1: 1, sentence2: 'b', score: 1 },
      { sentence1: 'a', sentence2: 'b' },
      { sentence1: 'a', sentence2: null, score: 'x' },
    ]
    expect(await mistakesOf({ ...taskJson({ type: 'STS' }), 'test.jsonl': `${jsonLines(bad)}nope\n` })).toEqual([
      '1 SB-TASK-007',
      '2 SB-TASK-007',
      '3 SB-TASK-007',
      '3 SB-TASK-007',
      '4 SB-TASK-002',
    ])
    expect(await mistakesOf({ ...taskJson({ type: 'STS' }), 'test.csv': 'sentence1,sentence2,score\na,b\n\n"a,b,1\n' })).toEqual([
      '2 SB-TASK-007',
      '4 SB-TASK-007',
    ])
    expect(await mistakesOf({ ...taskJson({ type: 'STS' }), 'test.jsonl': '' })).toEqual([' SB-TASK-004'])
    const list = gzipSync(JSON.stringify(rows))
    expect(await mistakesOf({ ...taskJson({ type: 'STS' }), 'test.json.gz': list.subarray(0, list.length - 9) })).toContain(
      ' SB-TASK-012',
    )
    const cut = gzipSync(jsonLines(rows))
    expect(await mistakesOf({ ...taskJson({ type: 'STS' }), 'test.jsonl.gz': cut.subarray(0, cut.length - 9) })).toEqual([
      ' SB-TASK-012',
    ])
  })
})

describe('a PairClassification folder', () => {
  const pairs = [
    [0, 0, 1],
    [1, 1, 0],
  ]
  it('holds labels, from rows or from the one row of lists that old repositories have', async () => {
    const rows = [
      { sentence1: 'a', sentence2: 'b', labels: 1 },
      { sentence1: 'c', sentence2: 'd', labels: 0 },
    ]
    const lists = { sentence1: ['a', 'c'], sentence2: ['b', 'd'], labels: [1, 0] }
    for (const file of [jsonLines(rows), jsonLines([lists])]) {
      const { judgments, task } = await prepare({ ...taskJson({ type: 'PairClassification' }), 'test.jsonl': file })
      expect(judgments).toEqual({ version: 1, type: 'pairs', pairs })
      expect(task.type).toBe('PairClassification')
    }
  })

  it('refuses other labels and lists of different lengths', async () => {
    const type = taskJson({ type: 'PairClassification' })
    const row = { sentence1: 'a', sentence2: 'b' }
    expect(await mistakesOf({ ...type, 'test.jsonl': jsonLines([{ ...row, labels: 2 }, row]) })).toHaveLength(2)
    const lists = { sentence1: ['a'], sentence2: ['b', 'd'], labels: [1, 0] }
    expect(await mistakesOf({ ...type, 'test.jsonl': jsonLines([lists]) })).toEqual(['1 SB-TASK-007'])
  })
})

describe('a BitextMining folder', () => {
  it('keeps equal sentences as items of their own', async () => {
    const rows = ['a', 'b', 'a'].map((sentence1, i) => ({ sentence1, sentence2: `x${i % 2}` }))
    const { judgments, queries, documents } = await prepare({
      ...taskJson({ type: 'BitextMining' }),
      'test.jsonl': jsonLines(rows),
    })
    expect([queries, documents]).toEqual([
      ['a', 'b'],
      ['x0', 'x1'],
    ])
    expect(judgments).toEqual({ version: 1, type: 'bitext', firstRows: [0, 1, 0], secondRows: [0, 1, 0], gold: [0, 1, 2] })
  })

  const bucc = {
    sentence1: ['a', 'b', 'c'],
    sentence2: ['u', 'v', 'w', 'x'],
    gold: [
      [3, 1],
      [1, 4],
    ],
  }
  it('reads BUCC’s form: first sentences of gold only, in its order, places from 1', async () => {
    const { judgments, queries, documents } = await prepare({
      ...taskJson({ type: 'BitextMining' }),
      'test.jsonl': jsonLines([bucc]),
    })
    expect(queries).toEqual(['c', 'a'])
    expect(documents).toEqual(['u', 'v', 'w', 'x'])
    expect(judgments).toMatchObject({ firstRows: [0, 1], secondRows: [0, 1, 2, 3], gold: [0, 3] })
  })

  it('is cut to the first sentences, their translations and as many others', async () => {
    const gold = {
      ...bucc,
      gold: [
        [1, 4],
        [3, 1],
      ],
    }
    const { judgments, documents } = await prepare({ ...taskJson({ type: 'BitextMining' }), 'test.jsonl': jsonLines([gold]) }, 1)
    expect(documents).toEqual(['u', 'x'])
    expect(judgments).toMatchObject({ firstRows: [0], gold: [1] })
  })

  it('refuses places outside the lists', async () => {
    const files = { 'test.jsonl': jsonLines([{ ...bucc, gold: [[0, 1], [1, 5], [1]] }]) }
    expect(await mistakesOf({ ...taskJson({ type: 'BitextMining' }), ...files })).toEqual(Array(3).fill('1 SB-TASK-007'))
  })
})
