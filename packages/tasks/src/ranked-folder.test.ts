import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Mistake, SweepError } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { jsonLines, taskFolder, tempFolder, writeFiles } from '../test/task-folder.ts'
import { MistakeList } from './mistake-list.ts'
import { readRankedFolder } from './ranked-folder.ts'

async function read(folder: string) {
  const mistakes = new MistakeList('mine')
  const data = await readRankedFolder(folder, 'test', mistakes)
  mistakes.refuse()
  return data
}

async function refusal(folder: string): Promise<SweepError> {
  const outcome = await read(folder).catch((thrown: unknown) => thrown)
  if (outcome instanceof SweepError) return outcome
  throw new Error(`not refused: ${JSON.stringify(outcome)}`)
}

/** The mistakes as `file:line code`, file relative to the folder. */
async function refused(files: Record<string, string | Uint8Array>): Promise<string[]> {
  const folder = taskFolder(files)
  const error = await refusal(folder)
  expect(error.code).toBe('SB-TASK-001')
  const place = ({ file, line, code }: Mistake) => `${file?.slice(folder.length + 1)}${line ? `:${line}` : ''} ${code}`
  return error.mistakes.map(place)
}

describe('readRankedFolder', () => {
  it('joins documents, keeps queries untouched, and drops and counts unjudged ones', async () => {
    const data = await read(taskFolder())
    expect(data.documents).toEqual([
      { id: 'd1', text: 'Salt dissolves in water' },
      { id: 'd2', text: 'oil floats' },
      { id: 'd3', text: 'sand sinks' },
    ])
    expect(data.queries.map(({ id, text, grades }) => [id, text, [...grades]])).toEqual([
      ['q1', 'what dissolves', [['d1', 1]]],
      ['q2', 'what floats ', [['d2', 2]]],
    ])
    expect(data.unjudgedQueryCount).toBe(1)
  })

  it('counts unknown ids in judgments, keeping unknown documents', async () => {
    const qrels = 'q1\tgone\t1\nq1\td1\t0\nnobody\td1\t1\nnobody\td2\t1\n'
    const data = await read(taskFolder({ 'qrels/test.tsv': qrels }))
    expect(data).toMatchObject({ unknownQueryCount: 2, unknownDocumentCount: 1, unjudgedQueryCount: 2 })
    expect([...(data.queries[0]?.grades ?? [])]).toEqual([
      ['gone', 1],
      ['d1', 0],
    ])
  })

  it('takes the last of two grades, negative and integral decimal grades, and keeps a query judged 0 only', async () => {
    const data = await read(taskFolder({ 'qrels/test.tsv': 'q1\td1\t1\nq1\td2\t-1\nq1\td1\t3.0\nq2\td2\t0\n' }))
    expect(data.queries.map(({ id, grades }) => [id, [...grades]])).toEqual([
      [
        'q1',
        [
          ['d1', 3],
          ['d2', -1],
        ],
      ],
      ['q2', [['d2', 0]]],
    ])
  })

  it('reads a byte order mark, CRLF, empty lines and a last line without an end', async () => {
    const data = await read(
      taskFolder({
        'corpus.jsonl': '\ufeff{"_id":"d1","text":"a"}\r\n\r\n{"_id":"d2","text":"b"}',
        'qrels/test.tsv': '\ufeffquery-id\tcorpus-id\tscore\r\nq1\td1\t1\r\n',
      }),
    )
    expect(data.documents.map(({ text }) => text)).toEqual(['a', 'b'])
    expect(data.queries.map(({ id }) => id)).toEqual(['q1'])
  })

  it('keeps ids as they are: blanks, quotes, NFD beside NFC, U+FEFF', async () => {
    const ids = [' d1', 'd1 ', '"d1"', 'e\u0301', '\u00e9', '\ufeffd']
    const corpus = jsonLines(ids.map((_id) => ({ _id, text: _id })))
    const data = await read(taskFolder({ 'corpus.jsonl': corpus, 'qrels/test.tsv': ids.map((id) => `q1\t${id}\t1\n`).join('') }))
    expect(data.documents.map(({ id }) => id)).toEqual(ids)
    expect(data.unknownDocumentCount).toBe(0)
  })

  it('takes empty texts, a text of 3 MB across read blocks, and ignores other fields', async () => {
    const long = '汉'.repeat(1 << 20)
    const corpus = jsonLines([
      { _id: 'd1', text: '', url: 3 },
      { _id: 'd2', text: long, metadata: { a: null } },
      { _id: 'd3', text: 'after' },
    ])
    const data = await read(taskFolder({ 'corpus.jsonl': corpus }))
    expect(data.documents.map(({ text }) => text)).toEqual(['', long, 'after'])
  })

  it('reads the kind of a query', async () => {
    const queries = jsonLines([
      { _id: 'q1', text: 'x', kind: 'negation' },
      { _id: 'q2', text: 'y' },
    ])
    expect((await read(taskFolder({ 'queries.jsonl': queries }))).queries.map(({ kind }) => kind)).toEqual(['negation', null])
  })
})

describe('readRankedFolder refuses', () => {
  it('all mistakes of all files at once', async () => {
    const corpus = '{"_id":"d1","text":"a"}\n{"_id":"d1","text":"b"}\n{"_id":"d2"}\nnot json\n'
    const queries = '{"_id":7,"text":"x"}\n{"_id":"q2","text":null}\n'
    expect(
      await refused({ 'corpus.jsonl': corpus, 'queries.jsonl': queries, 'qrels/test.tsv': 'q1\td1\t0.5\nq1 d1 1\n' }),
    ).toEqual([
      'corpus.jsonl:2 SB-TASK-003',
      'corpus.jsonl:3 SB-TASK-007',
      'corpus.jsonl:4 SB-TASK-002',
      'qrels/test.tsv:1 SB-TASK-007',
      'qrels/test.tsv:2 SB-TASK-007',
      'queries.jsonl:1 SB-TASK-007',
      'queries.jsonl:2 SB-TASK-007',
    ])
  })

  it('names id and first line of a duplicate', async () => {
    const { mistakes } = await refusal(taskFolder({ 'corpus.jsonl': '{"_id":"a","text":""}\n\n{"_id":"a","text":""}\n' }))
    expect(mistakes[0]).toMatchObject({ line: 3, message: 'duplicate id "a" (first at line 1)' })
  })

  it.each([
    ['a null title', '{"_id":"d1","title":null,"text":"a"}', 'SB-TASK-007'],
    ['a list as text', '{"_id":"d1","text":["a"]}', 'SB-TASK-007'],
    ['an empty id', '{"_id":"","text":"a"}', 'SB-TASK-007'],
    ['bare NaN', '{"_id":"d1","text":NaN}', 'SB-TASK-002'],
    ['an array', '["d1","a"]', 'SB-TASK-002'],
    ['a bare null', 'null', 'SB-TASK-002'],
    ['a cut line', '{"_id":"d1","te', 'SB-TASK-002'],
    ['an escaped lone high surrogate in a text', '{"_id":"d1","text":"a\\ud800b"}', 'SB-TASK-006'],
    ['an escaped lone low surrogate in an id', '{"_id":"\\udc00","text":"a"}', 'SB-TASK-006'],
    ['surrogates the wrong way round in a title', '{"_id":"d1","title":"\\ude00\\ud83d","text":"a"}', 'SB-TASK-006'],
  ])('%s', async (_, line, code) => {
    expect(await refused({ 'corpus.jsonl': `{"_id":"d0","text":"fine"}\n${line}\n` })).toEqual([`corpus.jsonl:2 ${code}`])
  })

  it('accepts an escaped pair', async () => {
    const data = await read(taskFolder({ 'corpus.jsonl': '{"_id":"d1","text":"\\ud83d\\ude00"}' }))
    expect(data.documents[0]?.text).toBe('😀')
  })

  it.each([
    ['a stray byte', [0xff]],
    ['Latin-1', [0xe9, 0x20]],
    ['a surrogate as bytes', [0xed, 0xa0, 0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a cut character', [0xe6, 0xb1]],
  ])('%s as not UTF-8', async (_, bytes) => {
    const corpus = Buffer.concat([
      Buffer.from('{"_id":"d1","text":"a"}\n{"_id":"d2","text":"'),
      Buffer.from(bytes),
      Buffer.from('"}\n'),
    ])
    expect(await refused({ 'corpus.jsonl': corpus })).toEqual(['corpus.jsonl:2 SB-TASK-005'])
  })

  it.each(['NaN', 'nan', 'inf', '0.5', '', ' 1', '1e2', '0x1', '2147483648', '-2147483649', 'one'])(
    'the grade %j',
    async (grade) => {
      expect(await refused({ 'qrels/test.tsv': `q1\td1\t1\nq1\td2\t${grade}\n` })).toEqual(['qrels/test.tsv:2 SB-TASK-007'])
    },
  )

  it('a judgment of four fields or with an empty id', async () => {
    expect(await refused({ 'qrels/test.tsv': 'q1\t0\td1\t1\n\td1\t1\nq1\t\t1\nq2\td1\t1\n' })).toEqual([
      'qrels/test.tsv:1 SB-TASK-007',
      'qrels/test.tsv:2 SB-TASK-007',
      'qrels/test.tsv:3 SB-TASK-007',
    ])
  })

  it('an empty corpus and no judged query', async () => {
    expect(await refused({ 'corpus.jsonl': '', 'qrels/test.tsv': 'other\td1\t1\n' })).toEqual([
      'corpus.jsonl SB-TASK-004',
      'qrels/test.tsv SB-TASK-004',
    ])
    expect(await refused({ 'qrels/test.tsv': 'query-id\tcorpus-id\tscore\n' })).toEqual(['qrels/test.tsv SB-TASK-004'])
  })

  it('absent and unreadable files', async () => {
    const folder = writeFiles(tempFolder(), { 'queries.jsonl': '' })
    mkdirSync(join(folder, 'corpus.jsonl'))
    const { mistakes } = await refusal(folder)
    expect(mistakes.map(({ code }) => code)).toEqual(['SB-FILE-001', 'SB-TASK-008'])
  })

  it.skipIf(process.getuid?.() === 0)('a file it may not read (not as root, who may read all)', async () => {
    const folder = taskFolder()
    chmodSync(join(folder, 'corpus.jsonl'), 0)
    expect((await refusal(folder)).mistakes.map(({ code }) => code)).toEqual(['SB-FILE-001'])
  })

  it('with a count of all and the first 50 named', async () => {
    const error = await refusal(taskFolder({ 'corpus.jsonl': 'x\n'.repeat(1234) }))
    expect(error.message).toContain('1234 mistakes')
    expect(error.mistakes).toHaveLength(50)
    expect(error.mistakes[49]?.line).toBe(50)
  })
})
