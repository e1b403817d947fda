import { gunzipSync, gzipSync } from 'node:zlib'
import { SweepError, sha256 } from '@sweepboard/contracts'
import type { RankedList } from './ranked-list.ts'

/** A ranked run as stored: one list per query, in the order of the judgments. */
export interface RunFile {
  readonly queryIds: readonly string[]
  readonly lists: readonly RankedList[]
}

/**
 * The ranked-run artifact: gzip over UTF-8 NDJSON, one line per query, `{"query":id,"documents":[id],"scores":[number]}`,
 * documents by (score descending, id descending). Scores carry 9 significant digits: exactly the float32 they were.
 */
export function writeRun({ queryIds, lists }: RunFile): Uint8Array {
  const lines = queryIds.map((query, i) => {
    const { documentIds, scores } = lists[i] as RankedList
    return `${JSON.stringify({ query, documents: documentIds, scores: Array.from(scores, nineDigits) })}\n`
  })
  return gzipSync(lines.join(''), { level: 1 })
}

/**
 * `Number(score.toPrecision(9))` of a float32. For usual scores by one exact product and one rounded quotient, six times as
 * fast: 24 bits of a float32 by at most 28 of the power of ten fit into a double.
 */
export function nineDigits(score: number): number {
  const size = Math.abs(score)
  if (!(size >= 1e-4 && size < 10)) return Number(score.toPrecision(9))
  const scale = size >= 1 ? 1e8 : size >= 0.1 ? 1e9 : size >= 0.01 ? 1e10 : size >= 0.001 ? 1e11 : 1e12
  const rounded = Math.round(size * scale) / scale
  return score < 0 ? -rounded : rounded
}

/** The run of an artifact's bytes. Throws `SB-ART-002` when they are not one. */
export function readRun(bytes: Uint8Array): RunFile {
  return readAs('a ranked run', bytes, () => {
    const lines = gunzipSync(bytes).toString('utf8').split('\n').filter(Boolean)
    const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    return {
      queryIds: parsed.map(({ query }) => string(query)),
      lists: parsed.map(({ documents, scores }) => ({
        documentIds: array(documents).map(string),
        scores: Float32Array.from(array(scores).map(finite)),
      })),
    }
  })
}

/** Per-query scores as stored. */
export interface PerQueryFile {
  readonly queryIds: readonly string[]
  /** `values[metric][i]` belongs to `queryIds[i]`; not rounded. */
  readonly values: Readonly<Record<string, Float64Array>>
}

/** The per-query artifact: UTF-8 JSON `{"version":1,"queryIds":[id],"values":{metric:[number]}}`. */
export function writePerQuery({ queryIds, values }: PerQueryFile): Uint8Array {
  const plain = Object.fromEntries(Object.entries(values).map(([metric, scores]) => [metric, Array.from(scores)]))
  return Buffer.from(JSON.stringify({ version: 1, queryIds, values: plain }), 'utf8')
}

/** The per-query scores of an artifact's bytes. Throws `SB-ART-002` when they are not such a file. */
export function readPerQuery(bytes: Uint8Array): PerQueryFile {
  return readAs('per-query scores', bytes, () => {
    const { version, queryIds, values } = JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, unknown>
    if (version !== 1) throw new TypeError('unknown version')
    const entries = Object.entries(values as object).map(([metric, scores]) => [
      metric,
      Float64Array.from(array(scores).map(finite)),
    ])
    return { queryIds: array(queryIds).map(string), values: Object.fromEntries(entries) as Record<string, Float64Array> }
  })
}

function readAs<T>(what: string, bytes: Uint8Array, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw notA(what, bytes, error)
  }
}

function notA(what: string, bytes: Uint8Array, cause: unknown): SweepError {
  return new SweepError('SB-ART-002', { digest: sha256(bytes), found: `not ${what}` }, { cause })
}

function array(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new TypeError('not an array')
  return value
}

function string(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('not a string')
  return value
}

function finite(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new TypeError('not a number')
  return value
}
