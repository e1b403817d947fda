import { readTextSet, TaskJudgments } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { jsonLines, memoryStore, taskFolder, tempFolder, writeFiles } from '../test/task-folder.ts'
import { prepareTask } from './prepare.ts'
import { resolveTask } from './resolve.ts'

async function prepare(folder: string, limit?: number) {
  const { stored, put } = memoryStore()
  const { refs } = resolveTask(folder, { limit })
  const task = await prepareTask(refs[0] as (typeof refs)[0], put)
  const text = (digest: string) => stored.get(digest) ?? new Uint8Array()
  const judgments = TaskJudgments.parse(JSON.parse(Buffer.from(text(task.judgments)).toString('utf8')))
  return { task, judgments, queries: readTextSet(text(task.queries.digest)), documents: readTextSet(text(task.documents.digest)) }
}

const ROWS = [
  { query: 'q one', positive: [' p1 ', 'p2'], negative: ['n1'] },
  { query: 'dropped', positive: [], negative: ['n1'] },
  { query: 'q two', positive: ['p2'], negative: ['n2', 'n1'] },
]

describe('a Reranking folder', () => {
  it('has the candidates of top_ranked, in its order; one outside the corpus is left out', async () => {
    const { task, judgments } = await prepare(
      taskFolder({
        'task.json': '{"type":"Reranking"}',
        'top_ranked/test.jsonl': jsonLines([{ 'query-id': 'q1', 'corpus-ids': ['d3', 'd1', 'gone'] }]),
      }),
    )
    expect(task).toMatchObject({ type: 'Reranking', promptSides: { queries: 'query', documents: 'document' } })
    expect(judgments).toMatchObject({
      type: 'reranking',
      queryIds: ['q1', 'q2'],
      qrels: [[['d1', 1]], [['d2', 2]]],
      topRanked: [[2, 0], []],
    })
  })

  it('turns rows of positives and negatives into ids, grades and candidates as MTEB 2 does', async () => {
    const folder = writeFiles(tempFolder(), { 'task.json': '{"type":"Reranking"}', 'test.jsonl': jsonLines(ROWS) })
    const { judgments, documents } = await prepare(folder)
    expect(documents).toEqual(['p1', 'p2', 'n1', 'n2'])
    expect(judgments).toMatchObject({
      queryIds: ['test_query0', 'test_query1'],
      documentIds: [
        'apositive_test_query0_00000',
        'apositive_test_query0_00001',
        'negative_test_query0_00000',
        'apositive_test_query1_00000',
        'negative_test_query1_00000',
        'negative_test_query1_00001',
      ],
      documentRows: [0, 1, 2, 1, 3, 2],
      topRanked: [
        [0, 1, 2],
        [3, 4, 5],
      ],
    })
    expect((judgments as { qrels: unknown }).qrels).toEqual([
      [
        ['apositive_test_query0_00000', 1],
        ['apositive_test_query0_00001', 1],
        ['negative_test_query0_00000', 0],
      ],
      [
        ['apositive_test_query1_00000', 1],
        ['negative_test_query1_00000', 0],
        ['negative_test_query1_00001', 0],
      ],
    ])
    expect((await prepare(folder, 1)).judgments).toMatchObject({ queryIds: ['test_query0'], topRanked: [[0, 1, 2]] })
  })

  it('keeps rows as they are for the scores of MTEB 1, several queries a row too', async () => {
    const folder = writeFiles(tempFolder(), {
      'task.json': '{"type":"Reranking","mainScore":"map"}',
      'test.jsonl': jsonLines([...ROWS, { query: ['q one', 'other'], positive: ['p2'], negative: ['n1'] }]),
    })
    const { judgments, queries, documents, task } = await prepare(folder)
    expect(queries).toEqual(['q one', 'q two', 'other'])
    expect(documents).toEqual([' p1 ', 'p2', 'n1', 'n2'])
    expect(judgments).toEqual({
      version: 1,
      type: 'reranking-v1',
      samples: [
        { queryRows: [0], positiveRows: [0, 1], negativeRows: [2] },
        { queryRows: [1], positiveRows: [1], negativeRows: [3, 2] },
        { queryRows: [0, 2], positiveRows: [1], negativeRows: [2] },
      ],
    })
    expect(task.counts).toMatchObject({ queryCount: 3, documentCount: 8 })
    const several = writeFiles(tempFolder(), {
      'task.json': '{"type":"Reranking"}',
      'test.jsonl': jsonLines([{ query: ['a', 'b'], positive: ['p'], negative: ['n'] }]),
    })
    await expect(prepare(several)).rejects.toMatchObject({ code: 'SB-TASK-001' })
  })
})

describe('an InstructionReranking folder', () => {
  const files = {
    'task.json': '{"type":"InstructionReranking"}',
    'queries.jsonl': jsonLines([
      { _id: 'q1-og', text: 'salt' },
      {
        _id: 'q1-changed',
        text: [
          { role: 'user', content: 'salt' },
          { role: 'assistant', content: 'yes?' },
        ],
      },
      { _id: 'q2-og', text: ['a', 'b'] },
    ]),
    'qrels/test.tsv': 'q1-og\td1\t1\nq1-changed\td1\t0\nq2-og\td2\t1\n',
    'instruction.jsonl': jsonLines([
      { 'query-id': 'q1-og', instruction: 'Be brief.' },
      { 'query-id': 'q1-changed', instruction: 'Not sea salt.' },
      { 'query-id': 'q2-og', instruction: 'Any.' },
    ]),
    'top_ranked/test.jsonl': jsonLines([{ 'query-id': 'q1-og', 'corpus-ids': ['d1', 'd2'] }]),
    'qrel_diff.jsonl': jsonLines([{ 'query-id': 'q1', 'corpus-ids': ['d1'] }]),
  }

  it('joins instructions behind texts and before conversations, and names changed documents', async () => {
    const { task, judgments, queries } = await prepare(taskFolder(files))
    expect(task.type).toBe('InstructionReranking')
    expect(queries).toEqual(['salt Be brief.', 'Not sea salt. user: salt; assistant: yes?', 'Any. a; b'])
    expect(judgments).toMatchObject({
      type: 'instruction-reranking',
      topRanked: [[0, 1], [], []],
      changed: [['q1', ['d1']]],
    })
  })

  it('refuses p-MRR without changed documents, before anything is encoded; another main score needs none', async () => {
    const { 'qrel_diff.jsonl': _, ...without } = files
    await expect(prepare(taskFolder(without))).rejects.toMatchObject({
      code: 'SB-TASK-001',
      mistakes: [
        {
          code: 'SB-TASK-007',
          message: expect.stringContaining('qrel_diff.jsonl'),
          file: expect.stringMatching(/qrel_diff\.jsonl$/),
        },
      ],
    })
    const other = { ...without, 'task.json': '{"type":"InstructionReranking","mainScore":"ndcg_at_5"}' }
    expect((await prepare(taskFolder(other))).queries).toHaveLength(3)
  })

  it('refuses a judged query without an instruction', async () => {
    const folder = taskFolder({ ...files, 'instruction.jsonl': jsonLines([{ 'query-id': 'q1-og', instruction: 'x' }]) })
    await expect(prepare(folder)).rejects.toMatchObject({ mistakes: [{ code: 'SB-TASK-007' }, { code: 'SB-TASK-007' }] })
  })
})
