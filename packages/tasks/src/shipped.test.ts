import { describe, expect, it } from 'vitest'
import { shippedTask, wordOverlap } from '../test/shipped-task.ts'
import { listShippedTasks } from './shipped.ts'

interface Wanted {
  readonly kinds: readonly string[]
  /** Fewest queries of a kind. */
  readonly perKind: number
  /** Fewest documents. */
  readonly documents: number
  /** Whether one document answers several queries. */
  readonly sharesDocuments: boolean
  /** The most that ranking by shared words may reach over all queries. */
  readonly overlap: { readonly topOne: number; readonly ndcgAt10: number }
}

const trapKinds = [
  'polysemy',
  'reference',
  'idiom',
  'term-in-two-fields',
  'negation',
  'word-order',
  'paraphrase',
  'near-duplicate',
]
const traps = { kinds: trapKinds, perKind: 8, documents: 238, sharesDocuments: false, overlap: { topOne: 0.125, ndcgAt10: 0.35 } }
const tricks = {
  kinds: ['echo', 'promise', 'neighbour', 'outdated', 'negated'],
  perKind: 10,
  documents: 125,
  sharesDocuments: false,
  overlap: { topOne: 0.02, ndcgAt10: 0.25 },
}
const SHIPPED: Readonly<Record<string, Wanted>> = {
  AdversarialPassagesEn: tricks,
  AdversarialPassagesZh: tricks,
  LongDocumentSlices: {
    kinds: ['begin', 'middle', 'end', 'spread'],
    perKind: 15,
    documents: 15,
    sharesDocuments: true,
    overlap: { topOne: 0.333, ndcgAt10: 0.7 },
  },
  LongDocumentSlicesZh: {
    kinds: ['begin', 'middle', 'end', 'spread'],
    perKind: 12,
    documents: 12,
    sharesDocuments: true,
    overlap: { topOne: 0.4, ndcgAt10: 0.7 },
  },
  MixedApiSearch: {
    kinds: ['zh-query', 'mixed-query', 'identifier', 'error-message', 'parameter'],
    perKind: 12,
    documents: 80,
    sharesDocuments: true,
    overlap: { topOne: 0.2, ndcgAt10: 0.45 },
  },
  SemanticTrapsEn: traps,
  SemanticTrapsZh: traps,
}

it('every shipped task is checked here', () => {
  expect(listShippedTasks()).toEqual(Object.keys(SHIPPED).sort())
})

describe.each(Object.entries(SHIPPED))('%s', (name, wanted) => {
  const task = shippedTask(name)
  const { documents, queries, judgments, roles } = task
  const documentIds = new Set(documents.map(({ id }) => id))

  it('has its kinds, each with enough queries, and enough documents', () => {
    const counts = new Map<string, number>()
    for (const { kind } of queries) counts.set(kind, (counts.get(kind) ?? 0) + 1)
    expect([...counts.keys()].sort()).toEqual([...wanted.kinds].sort())
    expect(Math.min(...counts.values())).toBeGreaterThanOrEqual(wanted.perKind)
    expect(documents.length).toBeGreaterThanOrEqual(wanted.documents)
  })

  it.each([
    ['documents', documents],
    ['queries', queries],
  ])('repeats no id and no text among its %s', (_, items) => {
    const plain = items.map(({ text }) => text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim())
    expect(new Set(items.map(({ id }) => id)).size).toBe(items.length)
    expect(new Set(plain).size).toBe(items.length)
    expect(plain.filter((text) => text.length < 2)).toEqual([])
  })

  it('gives every query exactly one right document, which is no other’s unless that is meant', () => {
    expect(judgments.map(([query]) => query)).toEqual(queries.map(({ id }) => id))
    expect(judgments.filter(([, document, grade]) => grade !== '1' || !documentIds.has(document))).toEqual([])
    const rightOnes = new Set(judgments.map(([, document]) => document))
    if (!wanted.sharesDocuments) expect(rightOnes.size).toBe(queries.length)
  })

  it('names the part of each document: right as judged, distractors that exist', () => {
    expect(Object.entries(roles).map(([query, { right }]) => [query, right, '1'])).toEqual(judgments)
    for (const { right, distractors } of Object.values(roles)) {
      expect(distractors.length).toBeGreaterThan(0)
      expect(distractors.filter((id) => id === right || !documentIds.has(id))).toEqual([])
    }
  })

  it('is not solved by counting shared words', async ({ annotate }) => {
    const found = wordOverlap(task)
    expect(found.topOne).toBeLessThanOrEqual(wanted.overlap.topOne)
    expect(found.ndcgAt10).toBeLessThanOrEqual(wanted.overlap.ndcgAt10)
    await annotate(
      [null, ...wanted.kinds]
        .map((kind) => {
          const { topOne, ndcgAt10 } = wordOverlap(task, kind)
          return `${(kind ?? 'all').padEnd(18)} top-1 ${topOne.toFixed(3)}, nDCG@10 ${ndcgAt10.toFixed(3)}`
        })
        .join('\n'),
    )
  })
})

describe.each([
  { name: 'LongDocumentSlices', unit: /\S+/g, least: 600 },
  { name: 'LongDocumentSlicesZh', unit: /\S/gu, least: 700 },
])('$name', ({ name, unit, least }) => {
  const { documents, queries, roles } = shippedTask(name)
  const textOf = new Map(documents.map(({ id, text }) => [id, text]))

  it('has long documents', () => {
    const lengths = documents.map(({ text }) => text.match(unit)?.length ?? 0)
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(least)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(1200)
  })

  it.each(queries)('$id: the answer stands once, in the right document alone, where its kind says', ({ id, kind }) => {
    const { right, evidence } = roles[id] as (typeof roles)[string]
    const places = (evidence ?? []).map((words) => {
      const parts = documents.flatMap((document) =>
        document.text
          .split(words)
          .slice(1)
          .map(() => document.id),
      )
      expect(parts, words).toEqual([right])
      const text = textOf.get(right) as string
      return (text.indexOf(words) + words.length / 2) / text.length
    })
    const [first = Number.NaN, second = Number.NaN] = places
    if (kind === 'spread') expect(Math.abs(second - first)).toBeGreaterThan(1 / 3)
    else expect([places.length, ['begin', 'middle', 'end'][Math.floor(first * 3)]]).toEqual([1, kind])
  })
})
