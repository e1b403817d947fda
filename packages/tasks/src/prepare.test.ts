import { CHUNK_MAX_TEXTS, Judgments, readTextSet, SweepError, taskKey } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { jsonLines, memoryStore, refOf, taskFolder } from '../test/task-folder.ts'
import { prepareTask } from './prepare.ts'
import { resolveTask } from './resolve.ts'

async function prepared(ref: ReturnType<typeof refOf>) {
  const { stored, put } = memoryStore()
  const task = await prepareTask(ref, put)
  const bytes = (digest: string) => stored.get(digest) ?? new Uint8Array()
  return {
    task,
    stored,
    queryTexts: readTextSet(bytes(task.queries.digest)),
    documentTexts: readTextSet(bytes(task.documents.digest)),
    judgments: Judgments.parse(JSON.parse(Buffer.from(bytes(task.judgments)).toString('utf8'))),
  }
}

describe('prepareTask', () => {
  it('stores text sets and judgments under their digests', async () => {
    const ref = refOf(taskFolder(), { ignoreIdenticalIds: true })
    const { task, queryTexts, documentTexts, judgments, stored } = await prepared(ref)
    expect(stored.size).toBe(3)
    expect(queryTexts).toEqual(['what dissolves', 'what floats '])
    expect(documentTexts).toEqual(['Salt dissolves in water', 'oil floats', 'sand sinks'])
    expect(judgments).toEqual({
      version: 1,
      queryIds: ['q1', 'q2'],
      queryRows: [0, 1],
      documentIds: ['d1', 'd2', 'd3'],
      documentRows: [0, 1, 2],
      qrels: [[['d1', 1]], [['d2', 2]]],
      ignoreIdenticalIds: true,
      kinds: null,
    })
    expect(task.key).toBe(taskKey(ref))
    expect(task.documents).toMatchObject({ count: 3, bytes: 43, bounds: [[0, 3]], chunkBytes: [43] })
  })

  it('gives a shipped task the digests it always had: stored results hang on them', async () => {
    const [ref] = resolveTask('SemanticTrapsZh').refs
    const { task } = await prepared(ref as NonNullable<typeof ref>)
    expect(task.judgments).toBe('05888e2954058601294e893a6aa07a9a63f4343dc32392b0abdc5b9b61e3c43a')
    expect(task).toMatchObject({
      key: expect.stringMatching(/^ab864b24ce6f/),
      queries: { digest: expect.stringMatching(/^fd9973b5bf29/) },
      documents: { digest: expect.stringMatching(/^cb96e212d1d5/) },
      datasetRevision: 'local-964d8082a590',
    })
  })

  it('holds each distinct text once, in order of first appearance', async () => {
    const texts = ['b', 'a', ' b ', 'c', 'a']
    const corpus = jsonLines(texts.map((text, i) => ({ _id: `d${i}`, text })))
    const { documentTexts, judgments, task } = await prepared(refOf(taskFolder({ 'corpus.jsonl': corpus })))
    expect(documentTexts).toEqual(['b', 'a', 'c'])
    expect(judgments.documentRows).toEqual([0, 1, 0, 2, 1])
    expect(task.counts).toMatchObject({ documentCount: 5, documentBytes: 5 })
    expect(task.documents).toMatchObject({ count: 3, bytes: 3 })
  })

  it('cuts chunks, with the bytes of each', async () => {
    const corpus = jsonLines(Array.from({ length: CHUNK_MAX_TEXTS + 1 }, (_, i) => ({ _id: `d${i}`, text: `text ${i}` })))
    const { task } = await prepared(refOf(taskFolder({ 'corpus.jsonl': corpus })))
    expect(task.documents.bounds).toEqual([
      [0, 1024],
      [1024, 1025],
    ])
    expect(task.documents.chunkBytes[1]).toBe('text 1024'.length)
    expect(task.documents.chunkBytes.reduce((a, b) => a + b)).toBe(task.documents.bytes)
  })

  it('counts what it found: empty texts on both sides, unknown ids, bytes of UTF-8', async () => {
    const { task } = await prepared(
      refOf(
        taskFolder({
          'corpus.jsonl': jsonLines([
            { _id: 'd1', text: '\u0085' },
            { _id: 'd2', text: '汉字' },
          ]),
          'queries.jsonl': jsonLines([
            { _id: 'q1', text: ' ' },
            { _id: 'q2', text: 'é' },
            { _id: 'q3', text: '' },
          ]),
          'qrels/test.tsv': 'q1\td1\t0\nq1\tgone\t1\nq2\td2\t1\nnobody\td1\t1\n',
        }),
      ),
    )
    expect(task.counts).toEqual({
      queryCount: 2,
      documentCount: 2,
      judgmentCount: 3,
      unjudgedQueryCount: 1,
      unknownQueryCount: 1,
      unknownDocumentCount: 1,
      emptyTextCount: 2,
      queryBytes: 3,
      documentBytes: 6,
    })
  })

  it('keeps the kinds of queries beside their ids', async () => {
    const queries = jsonLines([
      { _id: 'q1', text: 'x', kind: 'negation' },
      { _id: 'q2', text: 'y' },
    ])
    expect((await prepared(refOf(taskFolder({ 'queries.jsonl': queries })))).judgments.kinds).toEqual(['negation', ''])
  })

  it('stores nothing of a refused task', async () => {
    const { stored, put } = memoryStore()
    await expect(prepareTask(refOf(taskFolder({ 'corpus.jsonl': 'x' })), put)).rejects.toMatchObject({ code: 'SB-TASK-001' })
    expect(stored.size).toBe(0)
  })

  it.each(['../qrels/test', 'a/b', '..', ''])('refuses the split %j, which would leave the folder', async (split) => {
    const error = await prepareTask(refOf(taskFolder(), { split }), memoryStore().put).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(SweepError)
    expect(error).toMatchObject({ code: 'SB-TASK-010' })
  })

  it('refuses a shipped name that is none', async () => {
    const ref = refOf('', { source: { kind: 'shipped', name: '../src' } })
    await expect(prepareTask(ref, memoryStore().put)).rejects.toMatchObject({ code: 'SB-TASK-008' })
  })
})

describe('the revision of prepared data', () => {
  const catalog = { revision: 'abc', queryCount: 2, documentCount: 3 }

  it('is the catalog’s only when both counts agree and nothing was cut', async () => {
    const folder = taskFolder()
    const revision = async (changes: Parameters<typeof refOf>[1]) => (await prepared(refOf(folder, changes))).task.datasetRevision
    expect(await revision({ catalog })).toBe('abc')
    expect(await revision({ catalog: { ...catalog, documentCount: 4 } })).toMatch(/^local-[0-9a-f]{12}$/)
    expect(await revision({ catalog: { ...catalog, queryCount: 3 } })).toMatch(/^local-/)
    expect(await revision({ catalog: { ...catalog, queryCount: null } })).toMatch(/^local-/)
    expect(await revision({ catalog, limit: 100 })).toMatch(/^local-/)
    expect(await revision({})).toMatch(/^local-/)
  })

  it('is another for other texts under the same ids, and the same wherever the folder lies', async () => {
    const one = await prepared(refOf(taskFolder()))
    const two = await prepared(refOf(taskFolder()))
    const corpus = jsonLines(['d1', 'd2', 'd3'].map((_id) => ({ _id, text: `new ${_id}` })))
    const three = await prepared(refOf(taskFolder({ 'corpus.jsonl': corpus })))
    expect(two.task.datasetRevision).toBe(one.task.datasetRevision)
    expect(three.task.judgments).toBe(one.task.judgments)
    expect(three.task.datasetRevision).not.toBe(one.task.datasetRevision)
  })
})

describe('a limit', () => {
  it('keeps the first n judged queries, their relevant documents and the first n others, in corpus order', async () => {
    const ids = ['x1', 'r2', 'x2', 'x3', 'r1', 'zero', 'r3']
    const files = {
      'corpus.jsonl': jsonLines(ids.map((_id) => ({ _id, text: _id }))),
      'queries.jsonl': jsonLines(['q0', 'q1', 'q2', 'q3'].map((_id) => ({ _id, text: _id }))),
      'qrels/test.tsv': 'q3\tr3\t1\nq2\tr2\t1\nq1\tr1\t1\nq1\tzero\t0\nq1\tgone\t2\n',
    }
    const folder = taskFolder(files)
    const { judgments, task } = await prepared(refOf(folder, { limit: 2 }))
    expect(judgments.queryIds).toEqual(['q1', 'q2'])
    expect(judgments.documentIds).toEqual(['x1', 'r2', 'x2', 'r1'])
    expect(judgments.qrels[0]).toEqual([
      ['r1', 1],
      ['zero', 0],
      ['gone', 2],
    ])
    expect(task.counts).toMatchObject({ queryCount: 2, documentCount: 4, unjudgedQueryCount: 1 })
    const whole = await prepared(refOf(folder, { limit: 99 }))
    expect(whole.judgments.documentIds).toEqual(ids)
  })
})
