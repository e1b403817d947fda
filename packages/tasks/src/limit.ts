import type { BitextData, RankedData, TypedData } from './task-data.ts'

/** The task cut to its first n judged queries, or its first n pairs; see `limitRanked` and `limitBitext` for the rest. */
export function limitTask(data: TypedData, n: number): TypedData {
  if ('ranked' in data) return { ...data, ranked: limitRanked(data.ranked, n) }
  if ('bitext' in data) return { ...data, bitext: limitBitext(data.bitext, n) }
  if ('samples' in data) return { ...data, samples: data.samples.slice(0, n) }
  return { ...data, pairs: data.pairs.slice(0, n) }
}

/**
 * The first n judged queries, their relevant documents (grade above 0) and candidates, and the first n other documents,
 * both sides in file order. Judgments of the kept queries stay whole: a relevant document outside the corpus still counts.
 */
function limitRanked(data: RankedData, n: number): RankedData {
  const queries = data.queries.slice(0, n)
  const kept = new Set<string>()
  for (const query of queries) {
    for (const [document, grade] of query.grades) if (grade > 0) kept.add(document)
    for (const document of data.topRanked?.get(query.id) ?? []) kept.add(document)
  }
  let others = 0
  const documents = data.documents.filter(({ id }) => {
    if (kept.has(id)) return true
    others += 1
    return others <= n
  })
  return { ...data, queries, documents }
}

/** The first n first sentences, their translations, and the first n other second sentences, in file order. */
function limitBitext({ first, second, gold }: BitextData, n: number): BitextData {
  const wanted = new Set(gold.slice(0, n))
  const placeOf = new Map<number, number>()
  let others = 0
  const kept = second.filter((_, i) => {
    if (!wanted.has(i)) {
      others += 1
      if (others > n) return false
    }
    placeOf.set(i, placeOf.size)
    return true
  })
  return { first: first.slice(0, n), second: kept, gold: gold.slice(0, n).map((i) => placeOf.get(i) as number) }
}
