import { existsSync, readFileSync } from 'node:fs'
import type { Similarity } from '@sweepboard/contracts'
import { expect } from 'vitest'
import type { Matrix, RankedList } from '../src/index.ts'

const ROOT = new URL('../../../../shared/golden/evaluators/', import.meta.url)
export const goldenIsThere = existsSync(ROOT)

interface Binary {
  readonly file: string
  readonly shape: [number, number]
}
type Run = readonly [string, readonly [string, number][]][] | { docIndex: Binary; score: Binary }

/** A case of golden/evaluators/retrieval-vectors or reranking/v2-*, as its JSON stands there. */
export interface GoldenCase {
  readonly folder: URL
  readonly queries: Binary
  readonly docs: Binary
  readonly queryIds: string[]
  readonly docIds: string[]
  readonly ignoreIdenticalIds: boolean
  readonly qrels: [string, [string, number][]][]
  readonly topRanked?: [string, string[]][]
  readonly expected: Partial<Record<Similarity, { entry: Record<string, number | string>; run?: Run }>>
}

export function readCase(name: string): GoldenCase {
  const folder = new URL(`${name}/`, ROOT)
  return { folder, ...JSON.parse(readFileSync(new URL('case.json', folder), 'utf8')) }
}

export function matrixOf({ folder }: GoldenCase, { file, shape }: Binary): Matrix {
  const bytes = new Uint8Array(readFileSync(new URL(file, folder)))
  return { values: new Float32Array(bytes.buffer), rowCount: shape[0], dim: shape[1] }
}

/** Grades in the order of the query ids. */
export function qrelsOf({ queryIds, qrels }: GoldenCase): [string, number][][] {
  const byQuery = new Map(qrels)
  return queryIds.map((id) => byQuery.get(id) ?? [])
}

/** The expected run; undefined where the case has none. */
export function expectedRun(golden: GoldenCase, similarity: Similarity): RankedList[] | undefined {
  const run = golden.expected[similarity]?.run
  if (run === undefined) return undefined
  if (!('docIndex' in run)) {
    const byQuery = new Map(run)
    return golden.queryIds.map((id) => {
      const pairs = byQuery.get(id) ?? []
      return { documentIds: pairs.map(([document]) => document), scores: Float32Array.from(pairs, ([, score]) => score) }
    })
  }
  const folder = new URL(`${similarity}/`, golden.folder)
  const read = (file: string) => new Uint8Array(readFileSync(new URL(file, folder))).buffer
  const [documents, scores] = [new Int32Array(read(run.docIndex.file)), new Float32Array(read(run.score.file))]
  const width = run.docIndex.shape[1]
  return golden.queryIds.map((_, q) => {
    const row = documents.subarray(q * width, (q + 1) * width)
    const size = row.includes(-1) ? row.indexOf(-1) : width
    return {
      documentIds: Array.from(row.subarray(0, size), (i) => golden.docIds[i] as string),
      scores: scores.slice(q * width, q * width + size),
    }
  })
}

/** Runs that may differ by float32 summation: scores within the tolerance at each place and of each document. */
export function expectCloseRun(
  ours: readonly RankedList[],
  wanted: readonly RankedList[],
  tolerance: (list: RankedList) => number,
): void {
  expect(ours.map(({ scores }) => scores.length)).toEqual(wanted.map(({ scores }) => scores.length))
  wanted.forEach((list, q) => {
    const { documentIds, scores } = ours[q] as RankedList
    const own = new Map(documentIds.map((id, i) => [id, scores[i] as number]))
    const far = list.documentIds.flatMap((id, i) => {
      const score = list.scores[i] as number
      const last = list.scores.at(-1) as number
      const off = Math.max(Math.abs((own.get(id) ?? last) - score), Math.abs((scores[i] as number) - score))
      return off > tolerance(list) ? [{ query: q, id, score, off }] : []
    })
    expect(far).toEqual([])
  })
}

/** The entry as mteb writes it; `naucTolerance` 0 wants every key exact. */
export function expectEntry(
  metrics: Readonly<Record<string, number | null>>,
  golden: GoldenCase,
  wanted: { similarity: Similarity; naucTolerance: number },
): void {
  const expected = Object.entries(golden.expected[wanted.similarity]?.entry ?? {}).filter(([key]) => key !== 'main_score')
  const number = (value: unknown) => (value === 'NaN' || value === null ? Number.NaN : (value as number))
  const differing = expected.filter(([key, value]) => {
    const [own, want] = [number(metrics[key]), number(value)]
    if (Object.is(own, want)) return false
    return !(key.startsWith('nauc_') && Math.abs(own - want) <= wanted.naucTolerance)
  })
  expect(differing.map(([key, value]) => ({ key, value, ours: metrics[key] }))).toEqual([])
  expect(expected.length).toBeGreaterThan(140)
}

/** 2e-6 for cosine; for dot 1e-6 of the largest score of the list, as float32 sums err by the size of their terms. */
export function summationTolerance(similarity: Similarity): (list: RankedList) => number {
  if (similarity === 'cosine') return () => 2e-6
  return ({ scores }) => 1e-6 * scores.reduce((largest, score) => Math.max(largest, Math.abs(score)), 0)
}
