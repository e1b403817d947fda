import { type Catalogue, CatalogueList } from './catalogue-list.ts'
import type { RankedList } from './ranked-list.ts'
import { RunBody } from './run-body.ts'
import { ByteWriter } from './run-bytes.ts'
import type { PerQueryFile, RunFile } from './run-file.ts'

export const RUN_MAGIC = Buffer.from('SBr2', 'latin1')

/** The documents in the order of their first appearance, as JSON, and the lists. */
interface Lists {
  readonly documentIds: Uint8Array
  readonly body: Uint8Array
}

/**
 * The ranked-run artifact: "SBr2"; the number of bytes of a UTF-8 JSON head and the head,
 * `{"queryIds":[id],"documentIds":[id]}`, each document once in the order of its first appearance; then per query the number
 * of documents, their places in the head as distance back from the first place not yet met (0 = that next new one), and
 * their scores as difference to the one before, both in the order of the list. Numbers are varints; scores stand as the
 * 32 bits of `keyOf`, differences modulo 2^32, so every float32 comes back bit for bit.
 */
export function writeRun(run: RunFile): Uint8Array<ArrayBuffer> {
  return new RunWriter().write(run)
}

/** Writes one run after the other with the same memory: new memory for each is a garbage collection for every few. */
export class RunWriter {
  private readonly places = new RunBody()
  private readonly body = new ByteWriter(0)
  private numbers = new Uint32Array(0)

  /** Bytes that it holds. */
  get memoryBytes(): number {
    return this.places.memoryBytes + this.body.written().buffer.byteLength + this.numbers.byteLength
  }

  /** See `writeRun`. */
  write({ queryIds, lists }: RunFile): Uint8Array<ArrayBuffer> {
    const { documentIds, body } = this.writeLists(lists)
    const head = Buffer.from(`{"queryIds":${JSON.stringify(queryIds)},"documentIds":`, 'utf8')
    const headBytes = head.length + documentIds.length + 1
    const file = new ByteWriter(headBytes + body.length + 16)
    file.put(RUN_MAGIC)
    file.varint(headBytes)
    file.put(head)
    file.put(documentIds)
    file.put(Buffer.from('}', 'utf8'))
    file.put(body)
    return file.written()
  }

  private writeLists(lists: readonly RankedList[]): Lists {
    const catalogue = lists[0] instanceof CatalogueList ? lists[0].catalogue : null
    const own = lists.filter((list): list is CatalogueList => list instanceof CatalogueList && list.catalogue === catalogue)
    return catalogue && own.length === lists.length ? this.writePlaces(own, catalogue) : this.writeIds(lists)
  }

  private writePlaces(lists: readonly CatalogueList[], catalogue: Catalogue): Lists {
    const { places: body } = this
    const sizes = lists.map(({ scores }) => scores.length)
    const longest = sizes.reduce((most, size) => Math.max(most, size), 0)
    body.begin(catalogue, { longest, documents: sizes.reduce((sum, size) => sum + size, 0) })
    for (const { places, scores } of lists) body.add(places, scores)
    return { documentIds: body.ids, body: body.written }
  }

  private writeIds(lists: readonly RankedList[]): Lists {
    const longest = lists.reduce((most, { scores }) => Math.max(most, scores.length), 0)
    if (this.numbers.length < longest) this.numbers = new Uint32Array(longest)
    this.body.clear(0)
    const met = new Map<string, number>()
    for (const { documentIds, scores } of lists) {
      documentIds.forEach((id, i) => {
        const known = met.get(id)
        if (known === undefined) met.set(id, met.size)
        this.numbers[i] = known === undefined ? 0 : met.size - known
      })
      this.writeList(scores)
    }
    return { documentIds: Buffer.from(JSON.stringify([...met.keys()]), 'utf8'), body: this.body.written() }
  }

  /** The first so many of `numbers`, and the scores. */
  private writeList(scores: Float32Array): void {
    const { body, numbers } = this
    const bits = new Uint32Array(scores.buffer, scores.byteOffset, scores.length)
    body.varint(scores.length)
    body.varints(numbers, scores.length)
    let before = 0
    for (let i = 0; i < bits.length; i++) {
      const key = keyOf(bits[i] as number)
      numbers[i] = key - before
      before = key
    }
    body.varints(numbers, scores.length)
  }
}

/** 32 bits that grow as the score falls; its own inverse. */
export function keyOf(bits: number): number {
  return bits >= 2 ** 31 ? bits : 2 ** 31 - 1 - bits
}

/** The per-query artifact: UTF-8 JSON `{"version":1,"queryIds":[id],"values":{metric:[number]}}`. */
export function writePerQuery({ queryIds, values }: PerQueryFile): Uint8Array<ArrayBuffer> {
  const plain = Object.fromEntries(Object.entries(values).map(([metric, scores]) => [metric, Array.from(scores)]))
  return Buffer.from(JSON.stringify({ version: 1, queryIds, values: plain }), 'utf8')
}
