import { readFileSync } from 'node:fs'

export interface ShippedTask {
  readonly documents: readonly { readonly id: string; readonly text: string }[]
  readonly queries: readonly { readonly id: string; readonly text: string; readonly kind: string }[]
  /** Lines of `qrels/test.tsv`: query id, document id, grade. */
  readonly judgments: readonly (readonly [query: string, document: string, grade: string])[]
  readonly roles: Readonly<Record<string, Role>>
}

export interface Role {
  readonly right: string
  readonly distractors: readonly string[]
  /** Words of the right document that answer, where the task says so. */
  readonly evidence?: readonly string[]
}

/** The files of a shipped task as they lie there: the readers would refuse some of the mistakes that a test looks for. */
export function shippedTask(name: string): ShippedTask {
  const text = (file: string) => readFileSync(new URL(`../data/${name}/${file}`, import.meta.url), 'utf8')
  const rows = (file: string) =>
    text(file)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { _id: string; title?: string; text: string; kind: string })
  return {
    documents: rows('corpus.jsonl').map(({ _id, title, text: body }) => ({ id: _id, text: `${title ?? ''} ${body}`.trim() })),
    queries: rows('queries.jsonl').map(({ _id, text: query, kind }) => ({ id: _id, text: query, kind })),
    judgments: text('qrels/test.tsv')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split('\t') as [string, string, string]),
    roles: JSON.parse(text('roles.json')),
  }
}

/** Lowercase words of letters and digits; of Chinese each character and each pair of adjacent ones. */
function words(text: string): string[] {
  const pieces = text.toLowerCase().match(/\p{Script=Han}+|[[\p{L}\p{N}]--\p{Script=Han}]+/gv) ?? []
  return pieces.flatMap((piece) =>
    /\p{Script=Han}/u.test(piece)
      ? [...piece].flatMap((char, i, all) => [char, ...(all[i + 1] ? [char + all[i + 1]] : [])])
      : [piece],
  )
}

export interface OverlapScores {
  /** Share of queries whose right document is first, ties broken by chance: its expected value. */
  readonly topOne: number
  /** Expected nDCG@10 under the same tie-breaking, of one relevant document a query. */
  readonly ndcgAt10: number
}

/** What it scores to rank documents by the number of distinct query words in them, over the queries of `kind` or over all. */
export function wordOverlap({ documents, queries, judgments }: ShippedTask, kind: string | null = null): OverlapScores {
  const bags = new Map(documents.map(({ id, text }) => [id, new Set(words(text))]))
  const rightOf = new Map(judgments.map(([query, document]) => [query, document]))
  const asked = queries.filter((query) => kind === null || query.kind === kind)
  let [topOne, ndcgAt10] = [0, 0]
  for (const { id, text } of asked) {
    const distinct = [...new Set(words(text))]
    const overlap = (document: string) => distinct.filter((word) => bags.get(document)?.has(word)).length
    const own = overlap(rightOf.get(id) as string)
    const others = documents.map((document) => overlap(document.id))
    const before = others.filter((count) => count > own).length
    const tied = others.filter((count) => count === own).length
    if (before === 0) topOne += 1 / tied
    for (let rank = before + 1; rank <= Math.min(before + tied, 10); rank++) ndcgAt10 += 1 / Math.log2(rank + 1) / tied
  }
  return { topOne: topOne / asked.length, ndcgAt10: ndcgAt10 / asked.length }
}
