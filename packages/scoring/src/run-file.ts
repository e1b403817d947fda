import { gunzipSync } from 'node:zlib'
import { SweepError, sha256 } from '@sweepboard/contracts'
import { type Catalogue, CatalogueList } from './catalogue-list.ts'
import type { RankedList } from './ranked-list.ts'
import { ByteReader, ByteWriter } from './run-bytes.ts'

/** A ranked run as stored: one list per query, in the order of the judgments. */
export interface RunFile {
  readonly queryIds: readonly string[]
  readonly lists: readonly RankedList[]
}

const MAGIC = Buffer.from('SBr2', 'latin1')
const BYTES_PER_DOCUMENT = 6

/**
 * The ranked-run artifact: "SBr2"; the number of bytes of a UTF-8 JSON head and the head,
 * `{"queryIds":[id],"documentIds":[id]}`, each document once in the order of its first appearance; then per query the number
 * of documents, their places in the head as distance back from the first place not yet met (0 = that next new one), and
 * their scores as difference to the one before, both in the order of the list. Numbers are varints; scores stand as the
 * 32 bits of `keyOf`, differences modulo 2^32, so every float32 comes back bit for bit.
 */
export function writeRun({ queryIds, lists }: RunFile): Uint8Array<ArrayBuffer> {
  const documents = lists.reduce((sum, { scores }) => sum + scores.length, 0)
  const body = new ByteWriter(documents * BYTES_PER_DOCUMENT)
  const numbered = numberedDocuments(lists)
  const longest = lists.reduce((most, { scores }) => Math.max(most, scores.length), 0)
  const room = new Float32Array(longest)
  for (const [i, { scores }] of lists.entries()) {
    body.varint(scores.length)
    body.varints(numbered.back[i] as Uint32Array)
    room.set(scores)
    const keys = new Uint32Array(room.buffer, 0, scores.length)
    let before = 0
    for (let at = 0; at < keys.length; at++) {
      const key = keyOf(keys[at] as number)
      keys[at] = key - before
      before = key
    }
    body.varints(keys)
  }
  const head = Buffer.from(`{"queryIds":${JSON.stringify(queryIds)},"documentIds":`, 'utf8')
  const headBytes = head.length + numbered.documentIds.length + 1
  const file = new ByteWriter(headBytes + body.written().length + 16)
  file.put(MAGIC)
  file.varint(headBytes)
  file.put(head)
  file.put(numbered.documentIds)
  file.put(Buffer.from('}', 'utf8'))
  file.put(body.written())
  return file.written()
}

/** 32 bits that grow as the score falls; its own inverse. */
function keyOf(bits: number): number {
  return bits >= 2 ** 31 ? bits : 2 ** 31 - 1 - bits
}

/** The documents of a run in the order of their first appearance, as JSON, and each list as distances back from the next new one. */
interface NumberedDocuments {
  readonly documentIds: Uint8Array
  readonly back: readonly Uint32Array[]
}

function numberedDocuments(lists: readonly RankedList[]): NumberedDocuments {
  const catalogue = lists[0] instanceof CatalogueList ? lists[0].catalogue : null
  const own = lists.filter((list): list is CatalogueList => list instanceof CatalogueList && list.catalogue === catalogue)
  return catalogue && own.length === lists.length ? numberedPlaces(own, catalogue) : numberedIds(lists)
}

function numberedPlaces(lists: readonly CatalogueList[], catalogue: Catalogue): NumberedDocuments {
  const { length } = catalogue.ids
  const met = new Uint32Array(length)
  const order = new Uint32Array(length)
  let count = 0
  const back = lists.map(({ places }) => {
    const distances = new Uint32Array(places.length)
    for (let i = 0; i < places.length; i++) {
      const place = places[i] as number
      const known = met[place] as number
      if (known > 0) distances[i] = count + 1 - known
      else {
        order[count++] = place
        met[place] = count
      }
    }
    return distances
  })
  return { documentIds: catalogue.jsonOf(order.subarray(0, count)), back }
}

function numberedIds(lists: readonly RankedList[]): NumberedDocuments {
  const met = new Map<string, number>()
  const back = lists.map(({ documentIds }) =>
    Uint32Array.from(documentIds, (id) => {
      const known = met.get(id)
      if (known === undefined) met.set(id, met.size)
      return known === undefined ? 0 : met.size - known
    }),
  )
  return { documentIds: Buffer.from(JSON.stringify([...met.keys()]), 'utf8'), back }
}

/** The run of an artifact's bytes, of today's form or the one before it. Throws `SB-ART-002` when they are not one. */
export function readRun(bytes: Uint8Array): RunFile {
  return readAs('a ranked run', bytes, () =>
    MAGIC.equals(bytes.subarray(0, 4)) ? readPacked(bytes.subarray(4)) : readLines(bytes),
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
