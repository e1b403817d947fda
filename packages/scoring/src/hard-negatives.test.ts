import { expect, it } from 'vitest'
import { hardNegatives } from './hard-negatives.ts'

const judged = (qrels: [string, number][][]) => ({
  queryIds: qrels.map((_, i) => `q${i}`),
  queryRows: qrels.map((_, i) => i),
  documentIds: ['a', 'b', 'c', 'd', '__proto__', 'b2'],
  documentRows: [0, 1, 2, 3, 4, 1],
  qrels,
})
const run = (...lists: string[][]) => ({
  queryIds: lists.map((_, i) => `q${i}`),
  lists: lists.map((documentIds) => ({ documentIds, scores: new Float32Array(documentIds.length) })),
})
const found = (qrels: [string, number][][], lists: string[][], depth = 100) =>
  [...hardNegatives(judged(qrels), run(...lists), depth)].map(({ queryId, positives, negatives }) => [
    queryId,
    positives.map(({ id }) => id).join(),
    negatives.map(({ id }) => id).join(),
  ])

it('names what stands above the last relevant document', () => {
  expect(found([[['c', 1]]], [['a', 'b', 'c', 'd']])).toEqual([['q0', 'c', 'a,b']])
  const two: [string, number][] = [
    ['b', 2],
    ['d', 1],
  ]
  expect(found([two], [['a', 'b', 'c', 'd', '__proto__']])).toEqual([['q0', 'b,d', 'a,c']])
})

it('takes the whole list, down to the depth, where a relevant document is missing', () => {
  expect(found([[['d', 1]]], [['a', '__proto__', 'c']], 2)).toEqual([['q0', 'd', 'a,__proto__']])
})

it('takes a document judged 0 for wrong, and no text of a relevant one', () => {
  const grades: [string, number][] = [
    ['b', 1],
    ['a', 0],
  ]
  expect(found([grades], [['b2', 'a', 'b']])).toEqual([['q0', 'b', 'a']])
  expect(found([[['c', 1]]], [['b2', 'b', 'c']])).toEqual([['q0', 'c', 'b2']])
})

it('leaves out queries without a wrong or without a relevant document', () => {
  expect(found([[['a', 1]], [['gone', 1]], [['a', 0]]], [['a', 'b'], ['a'], ['b', 'a']])).toEqual([])
})
