import { SweepError, type Vectors } from '@sweepboard/contracts'
import {
  type Distribution,
  distributionOf,
  type NeighbourAgreement,
  neighbourAgreement,
  type ScoreAgreement,
  scoreAgreement,
  type VectorAgreement,
  vectorAgreement,
} from '@sweepboard/metrics'
import {
  type ConsistencySide,
  type EngineFacts,
  type EngineOptions,
  openEncoder,
  openScorer,
  withEngine,
} from './consistency-side.ts'
import type { ConsistencyTexts, NamedText } from './consistency-texts.ts'

/** Texts handed to an engine at once, between two looks at the signal. */
const BATCH = 32

export interface WorstText {
  readonly id: string
  readonly kind: string
  /** Cosine of its two vectors; for a pair the difference of its two scores. */
  readonly value: number
}

/** A text that an engine would not take, e.g. because its server reads less than that. */
export interface RefusedText {
  readonly id: string
  readonly by: 'a' | 'b'
  readonly message: string
}

/** What two engines gave, compared. */
export type ConsistencyNumbers = {
  readonly a: EngineFacts
  readonly b: EngineFacts
  readonly worst: readonly WorstText[]
  /** Left out of every number. */
  readonly refused: readonly RefusedText[]
} & (
  | {
      readonly kind: 'embeddings'
      readonly vectors: Omit<VectorAgreement, 'cosines'>
      readonly ranks: NeighbourAgreement
      readonly kinds: Readonly<Record<string, Distribution>>
    }
  | { readonly kind: 'scores'; readonly scores: ScoreAgreement }
)

export interface MeasureOptions extends EngineOptions {
  /** How many of the texts that lie farthest apart are named. */
  readonly worst: number
  /** Called after each text or pair of either engine. */
  readonly onStep: () => void
}

/** Texts or pairs both engines together will be given. */
export function stepCount(texts: ConsistencyTexts, kind: ConsistencySide['kind']): number {
  if (kind === 'scores') return 2 * texts.pairs.reduce((sum, { documents }) => sum + documents.length, 0)
  return 2 * (texts.documents.length + texts.queries.length)
}

/**
 * Runs both engines, one after the other, over the same texts. @throws SweepError `SB-MODEL-012` where one gives vectors of another
 * length, or scores and no vectors; else what the engines throw
 */
export async function measure(
  a: ConsistencySide,
  b: ConsistencySide,
  texts: ConsistencyTexts,
  options: MeasureOptions,
): Promise<ConsistencyNumbers> {
  const refuse = (message: string) => new SweepError('SB-MODEL-012', { a: a.load.model, b: b.load.model, message })
  if (a.kind === 'scores' && b.kind === 'scores') return compareScores(a, b, texts, options)
  if (a.kind === 'scores' || b.kind === 'scores') throw refuse('one scores pairs, the other encodes texts')
  const [ofA, ofB] = [await encode(a, texts, options), await encode(b, texts, options)]
  const [dimA, dimB] = [ofA.dim, ofB.dim]
  if (dimA !== dimB) throw refuse(`vectors of ${dimA} and of ${dimB} dimensions`)
  const isTaken = (i: number) => ofA.rows[i] !== null && ofB.rows[i] !== null
  const all = [...texts.documents, ...texts.queries]
  const named = all.filter((_, i) => isTaken(i))
  const documentCount = texts.documents.filter((_, i) => isTaken(i)).length
  if (documentCount < 3 || (!texts.ranksDocuments && documentCount === named.length))
    throw refuse(`too few texts that both of them take; ${ofA.refused[0]?.message ?? ofB.refused[0]?.message ?? 'too few texts'}`)
  const [vectorsA, vectorsB] = [ofA, ofB].map(({ rows, dim }) => stack(rows.filter((_, i) => isTaken(i)) as Float32Array[], dim))
  const { cosines, ...vectors } = vectorAgreement(vectorsA as Vectors, vectorsB as Vectors)
  const ranking = (whole: Vectors) => {
    const documents = slice(whole, 0, documentCount)
    return texts.ranksDocuments
      ? { texts: documents, targets: null }
      : { texts: slice(whole, documentCount, whole.rowCount), targets: documents }
  }
  const refusedBy = (by: 'a' | 'b', { refused }: Encoded): RefusedText[] =>
    refused.map(({ index, message }) => ({ id: all[index]?.id as string, by, message }))
  return {
    kind: 'embeddings',
    a: ofA.facts,
    b: ofB.facts,
    vectors,
    ranks: neighbourAgreement(ranking(vectorsA as Vectors), ranking(vectorsB as Vectors)),
    kinds: byKind(named, cosines),
    worst: worstOf(named, cosines, options.worst, (x, y) => x - y),
    refused: [...refusedBy('a', ofA), ...refusedBy('b', ofB)],
  }
}

interface Encoded {
  /** Documents, then queries; null where the engine would not take the text. */
  readonly rows: readonly (Float32Array | null)[]
  readonly dim: number
  readonly refused: readonly { readonly index: number; readonly message: string }[]
  readonly facts: EngineFacts
}

function encode(side: ConsistencySide & { kind: 'embeddings' }, texts: ConsistencyTexts, options: MeasureOptions) {
  return withEngine(
    () => openEncoder(side, options),
    async (engine): Promise<Encoded> => {
      const rows: (Float32Array | null)[] = []
      const refused: { index: number; message: string }[] = []
      for (const [recipe, given] of [
        [side.sides.document, texts.documents],
        [side.sides.query, texts.queries],
      ] as const) {
        for (let at = 0; at < given.length; at += BATCH) {
          const batch = given.slice(at, at + BATCH).map(({ text }) => text)
          const found = await encodeTaken((wanted) => engine.encode(recipe, wanted, { signal: options.signal }), batch)
          for (const { row, message } of found) {
            if (message !== null) refused.push({ index: rows.length, message })
            rows.push(row)
            options.onStep()
          }
        }
      }
      return { rows, dim: rows.find((row) => row !== null)?.length ?? 0, refused, facts: factsOf(engine) }
    },
  )
}

interface TakenText {
  readonly row: Float32Array | null
  readonly message: string | null
}

/** Encodes a batch; a text that is named as the one at fault is left out and the rest is tried again. */
async function encodeTaken(
  encodeTexts: (texts: string[]) => Promise<{ readonly vectors: Vectors }>,
  texts: readonly string[],
): Promise<TakenText[]> {
  const found: TakenText[] = texts.map(() => ({ row: null, message: null }))
  let left = texts.map((_, i) => i)
  while (left.length > 0) {
    try {
      const { vectors } = await encodeTexts(left.map((i) => texts[i] as string))
      left.forEach((i, row) => {
        found[i] = { row: vectors.values.slice(row * vectors.dim, (row + 1) * vectors.dim), message: null }
      })
      return found
    } catch (thrown) {
      const at = thrown instanceof SweepError ? thrown.details.text : undefined
      const refused = typeof at === 'number' ? left[at] : undefined
      if (refused === undefined) throw thrown
      found[refused] = { row: null, message: (thrown as SweepError).message }
      left = left.filter((i) => i !== refused)
    }
  }
  return found
}

async function compareScores(
  a: ConsistencySide & { kind: 'scores' },
  b: ConsistencySide & { kind: 'scores' },
  texts: ConsistencyTexts,
  options: MeasureOptions,
): Promise<ConsistencyNumbers> {
  const [ofA, ofB] = [await score(a, texts, options), await score(b, texts, options)]
  const queries = texts.pairs.map(({ query }, i) => ({
    queryId: texts.queries[query]?.id as string,
    a: ofA.lists[i] as Float32Array,
    b: ofB.lists[i] as Float32Array,
  }))
  const named = texts.pairs.flatMap(({ query, documents }) =>
    documents.map((at) => {
      const [asked, found] = [texts.queries[query] as NamedText, texts.documents[at] as NamedText]
      return { id: `${asked.id} / ${found.id}`, kind: found.kind }
    }),
  )
  const differences = Float64Array.from(
    queries.flatMap(({ a: x, b: y }) => Array.from(x, (value, i) => Math.abs(value - (y[i] as number)))),
  )
  return {
    kind: 'scores',
    a: ofA.facts,
    b: ofB.facts,
    scores: scoreAgreement(queries),
    worst: worstOf(named, differences, options.worst, (x, y) => y - x),
    refused: [],
  }
}

function score(side: ConsistencySide & { kind: 'scores' }, texts: ConsistencyTexts, options: MeasureOptions) {
  return withEngine(
    () => openScorer(side, options),
    async (engine) => {
      const lists: Float32Array[] = []
      for (const { query, documents } of texts.pairs) {
        const pairs = documents.map((at) => ({
          query: texts.queries[query]?.text as string,
          document: texts.documents[at]?.text as string,
          instruction: side.recipe.instruction,
        }))
        lists.push((await engine.scorePairs(pairs, { signal: options.signal })).scores)
        for (const _ of pairs) options.onStep()
      }
      return { lists, facts: factsOf(engine) }
    },
  )
}

function stack(rows: readonly Float32Array[], dim: number): Vectors {
  const values = new Float32Array(rows.length * dim)
  for (const [i, row] of rows.entries()) values.set(row, i * dim)
  return { rowCount: rows.length, dim, values }
}

function slice({ dim, values }: Vectors, start: number, end: number): Vectors {
  return { rowCount: end - start, dim, values: values.subarray(start * dim, end * dim) }
}

function byKind(named: readonly NamedText[], cosines: Float64Array): Record<string, Distribution> {
  const kinds = new Map<string, number[]>()
  for (const [i, { kind }] of named.entries()) kinds.set(kind, [...(kinds.get(kind) ?? []), cosines[i] as number])
  return Object.fromEntries(Array.from(kinds, ([kind, values]) => [kind, distributionOf(values)]))
}

function worstOf(
  named: readonly { readonly id: string; readonly kind: string }[],
  values: Float64Array,
  count: number,
  order: (x: number, y: number) => number,
): WorstText[] {
  return named
    .map(({ id, kind }, i) => ({ id, kind, value: values[i] as number }))
    .sort((x, y) => order(x.value, y.value))
    .slice(0, count)
}

function factsOf({ engine, version, provider, dtype, device }: EngineFacts): EngineFacts {
  return { engine, version, provider, dtype, device }
}
