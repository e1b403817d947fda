import { gunzipSync } from 'node:zlib'
import { SweepError, sha256 } from '@sweepboard/contracts'
import type { RankedList } from './ranked-list.ts'
import { ByteReader } from './run-bytes.ts'
import { keyOf, RUN_MAGIC } from './run-writer.ts'

/** A ranked run as stored: one list per query, in the order of the judgments. */
export interface RunFile {
  readonly queryIds: readonly string[]
  readonly lists: readonly RankedList[]
}

/** The run of an artifact's bytes, of today's form or the one before it. Throws `SB-ART-002` when they are not one. */
export function readRun(bytes: Uint8Array): RunFile {
  return readAs('a ranked run', bytes, () =>
    RUN_MAGIC.equals(bytes.subarray(0, 4)) ? readPacked(bytes.subarray(4)) : readLines(bytes),
  )
}

function readPacked(bytes: Uint8Array): RunFile {
  const reader = new ByteReader(bytes)
  const head = JSON.parse(Buffer.from(reader.take(reader.varint())).toString('utf8')) as Record<string, unknown>
  const queryIds = array(head.queryIds).map(string)
  const documentIds = array(head.documentIds).map(string)
  let met = 0
  const lists = queryIds.map(() => {
    // two bytes a document at the least: a damaged count must not ask for memory
    const count = reader.varint()
    if (2 * count > reader.left) throw new TypeError('more documents than bytes')
    const ids = Array.from({ length: count }, () => {
      const back = reader.varint()
      return string(documentIds[back === 0 ? met++ : met - back])
    })
    const bits = new Uint32Array(count)
    let key = 0
    for (let i = 0; i < count; i++) {
      key = (key + reader.varint()) >>> 0
      bits[i] = keyOf(key)
    }
    const scores = new Float32Array(bits.buffer)
    scores.forEach(finite)
    return { documentIds: ids, scores }
  })
  if (reader.left > 0 || met !== documentIds.length) throw new TypeError('the head does not fit the lists')
  return { queryIds, lists }
}

/** Runs of before: gzip over UTF-8 NDJSON, a line per query, `{"query":id,"documents":[id],"scores":[number]}`, 9 digits a score. */
function readLines(bytes: Uint8Array): RunFile {
  const lines = gunzipSync(bytes).toString('utf8').split('\n').filter(Boolean)
  const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  return {
    queryIds: parsed.map(({ query }) => string(query)),
    lists: parsed.map(({ documents, scores }) => ({
      documentIds: array(documents).map(string),
      scores: Float32Array.from(array(scores).map(finite)),
    })),
  }
}

/** Per-query scores as stored. */
export interface PerQueryFile {
  readonly queryIds: readonly string[]
  /** `values[metric][i]` belongs to `queryIds[i]`; not rounded. */
  readonly values: Readonly<Record<string, Float64Array>>
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
