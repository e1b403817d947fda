import { describe, expect, it } from 'vitest'
import { config, configs, ranked, readFromHub as read, refusalFromHub as refusal } from '../test/hub.ts'
import { jsonLines } from '../test/task-folder.ts'

describe('a retrieval-style repository', () => {
  const files = {
    'README.md': configs(
      config('default', 'test', 'qrels/test.jsonl'),
      config('corpus', 'corpus', 'corpus.jsonl'),
      config('queries', 'queries', 'queries.jsonl'),
    ),
    'corpus.jsonl': jsonLines([
      { _id: 1, title: 'T', text: ' x ' },
      { _id: 'd2', title: '', text: 'first' },
      { _id: 'd2', title: '', text: 'last' },
    ]),
    'queries.jsonl': jsonLines([
      { _id: 'q1', text: ' one ', kind: 3 },
      { _id: 'q2', text: 'two' },
    ]),
    'qrels/test.jsonl': jsonLines([
      { 'query-id': 'q1', 'corpus-id': 1, score: 2 },
      { 'query-id': 'q1', 'corpus-id': 'd2', score: 1.0 },
    ]),
  }

  it('has ids cast, the last of equal ids, and splits of its own names', async () => {
    expect(ranked(await read('SciFact', files))).toEqual({
      queries: [['q1', ' one ', { 1: 2, d2: 1 }]],
      documents: [
        ['1', 'T  x'],
        ['d2', 'last'],
      ],
      topRanked: null,
      changed: null,
    })
  })

  it('is refused for a null title, a grade that is no integer, and a part that is not there', async () => {
    const bad = {
      ...files,
      'corpus.jsonl': '{"_id":"a","title":null,"text":""}\n',
      'qrels/test.jsonl': '{"query-id":"q1","corpus-id":"a","score":0.5}\n',
    }
    expect((await refusal('SciFact', bad)).mistakes.map(({ code }) => code)).toEqual(['SB-TASK-007', 'SB-TASK-007'])
    expect(
      (await refusal('SciFact', { ...files, 'README.md': configs(config('corpus', 'corpus', 'corpus.jsonl')) })).message,
    ).toContain('no config "queries"')
  })

  it('has candidates; instructions and changed documents for FollowIR; a config named query before queries', async () => {
    const followIr = {
      ...files,
      'README.md': configs(
        config('qrels', 'test', 'qrels/test.jsonl'),
        config('corpus', 'corpus', 'corpus.jsonl'),
        config('queries', 'queries', 'gone.jsonl'),
        config('query', 'queries', 'queries.jsonl'),
        config('top_ranked', 'test', 'top.jsonl'),
        config('instruction', 'instruction', 'instruction.jsonl'),
        config('qrel_diff', 'qrel_diff', 'diff.jsonl'),
      ),
      'top.jsonl': jsonLines([{ 'query-id': 'q1', 'corpus-ids': ['d2', 1] }]),
      'instruction.jsonl': jsonLines([{ 'query-id': 'q1', instruction: 'Be kind.' }]),
      'diff.jsonl': jsonLines([{ 'query-id': 'q1', 'corpus-ids': ['d2'] }]),
    }
    expect(ranked(await read('Core17InstructionRetrieval', followIr))).toMatchObject({
      queries: [['q1', ' one  Be kind.', { 1: 2, d2: 1 }]],
      topRanked: { q1: ['d2', '1'] },
      changed: { q1: ['d2'] },
    })
    expect((await read('AskUbuntuDupQuestions', followIr)).type).toBe('Reranking')
  })

  it('has configs by subset where there are several', async () => {
    const parts = [
      config('ar-corpus', 'dev', 'corpus.jsonl'),
      config('ar-queries', 'dev', 'queries.jsonl'),
      config('ar-qrels', 'dev', 'qrels/test.jsonl'),
    ]
    const data = await read('MIRACLRetrievalHardNegatives', { ...files, 'README.md': configs(...parts) }, { subsets: ['ar'] })
    expect(ranked(data).documents).toHaveLength(2)
  })
})

describe('retrieval tasks with a loader of their own', () => {
  it('XQuAD: the last id of equal questions, contexts by hash, no empty answers', async () => {
    const row = (id: string, question: string, context: string, text = 'x') => ({
      id,
      question,
      context,
      answers: { text: [text], answer_start: [0] },
    })
    const rows = [row('1', 'who?', ' c '), row('2', 'what?', ' c '), row('3', 'who?', ' c '), row('4', 'when?', 'd', '')]
    const files = { 'README.md': configs(config('xquad.de', 'validation', 'de.jsonl')), 'de.jsonl': jsonLines(rows) }
    // printf ' c ' | sha256sum
    const id = 'ad4139ed1c1d0f4d2e1b84cdb96020c063265ffcf451a78e43fd03729110869e'
    const found = ranked(await read('XQuADRetrieval', files, { subsets: ['de'] }))
    expect(found.documents).toEqual([[id, 'c']])
    expect(found.queries).toEqual([
      ['3', 'who?', { [id]: 1 }],
      ['2', 'what?', { [id]: 1 }],
    ])
  })

  it('Belebele: passages of one language, questions of the other', async () => {
    const files = {
      'README.md': configs(config('acm_Arab', 'test', 'a.jsonl'), config('eng_Latn', 'test', 'e.jsonl')),
      'a.jsonl': jsonLines([
        { link: 'l1', flores_passage: 'p1', question: 'x' },
        { link: 'l1', flores_passage: 'p1 again', question: 'x' },
        { link: 'l2', flores_passage: 'p2', question: 'x' },
      ]),
      'e.jsonl': jsonLines([
        { link: 'l2', flores_passage: 'e', question: 'q a' },
        { link: 'l1', flores_passage: 'e', question: 'q b' },
        { link: 'l1', flores_passage: 'e', question: 'q a' },
      ]),
    }
    expect(ranked(await read('BelebeleRetrieval', files, { subsets: ['acm_Arab-eng_Latn'] }))).toMatchObject({
      documents: [
        ['C0', 'p1'],
        ['C1', 'p2'],
      ],
      queries: [
        ['Q0', 'q a', { C1: 1, C0: 1 }],
        ['Q1', 'q b', { C0: 1 }],
      ],
    })
  })

  it('CodeEditSearch: a folder a language, the first 1,000 rows', async () => {
    const rows = Array.from({ length: 1001 }, (_, i) => ({ commit: `c${i}`, instruction: `do ${i}`, diff: `+${i}` }))
    const found = ranked(
      await read(
        'CodeEditSearchRetrieval',
        { 'c++/train-00000-of-00001.jsonl': jsonLines(rows), 'c/train.jsonl': '' },
        { subsets: ['c++'] },
      ),
    )
    expect(found.documents).toHaveLength(1000)
    expect(found.queries[999]).toEqual(['999', 'do 999', { c999: 1 }])
  })

  it.each(['COIRCodeSearchNetRetrieval', 'CodeSearchNetCCRetrieval'])('%s: queries of the test partition', async (task) => {
    const files = {
      'README.md': configs(
        config('go-corpus', 'corpus', 'c.jsonl'),
        config('go-queries', 'queries', 'q.jsonl'),
        config('go-qrels', 'test', 'r.jsonl'),
      ),
      'c.jsonl': jsonLines([{ _id: 'c1', title: '', text: 'code', partition: 'train' }]),
      'q.jsonl': jsonLines([
        { _id: 'q1', text: 'a', partition: 'test' },
        { _id: 'q2', text: 'b', partition: 'train' },
      ]),
      'r.jsonl': jsonLines([
        { 'query-id': 'q1', 'corpus-id': 'c1', score: 1 },
        { 'query-id': 'q2', 'corpus-id': 'c1', score: 1 },
      ]),
    }
    expect(ranked(await read(task, files, { subsets: ['go'] })).queries).toEqual([['q1', 'a', { c1: 1 }]])
  })
})
