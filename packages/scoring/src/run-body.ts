import type { Catalogue } from './catalogue-list.ts'
import { JOIN_SPILL, joinStrings, MOST_VARINT_BYTES, numberPlaces, VARINT_SPILL, writeKeys } from './run-code.ts'
import { moduleOf } from './wasm-code.ts'

const PAGE = 65_536
const [OPEN, CLOSE] = Buffer.from('[]', 'utf8') as unknown as [number, number]
/** Bytes of a document in a body, about. */
const BYTES_PER_DOCUMENT = 6

let compiled: WebAssembly.Module | null = null

type Write = (...addresses: number[]) => number

/** Addresses in the memory of a `RunBody`. */
interface Layout {
  /** How many places were met; for each place its number among them or 0; those places in order. */
  readonly state: number
  readonly met: number
  readonly order: number
  /** The ids of the catalogue, and an array of some of them. */
  readonly ends: number
  readonly strings: number
  readonly ids: number
  /** The list at work, and what was written. */
  readonly list: number
  readonly body: number
}

/**
 * The lists of a run by places of a catalogue, written in WebAssembly: what `RunWriter` does in JavaScript of any lists, some times as fast.
 * Memory: 12 bytes and twice its id for each place, and the body.
 */
export class RunBody {
  private readonly memory = new WebAssembly.Memory({ initial: 1 })
  private readonly run: Readonly<Record<'numberPlaces' | 'writeKeys' | 'joinStrings', Write>>
  /** Not kept alive: these bodies may wait for another. */
  private catalogue: WeakRef<Catalogue> | null = null
  private longest = 0
  private layout: Layout = { state: 0, met: 0, order: 0, ends: 0, strings: 0, ids: 0, list: 0, body: 0 }
  private end = 0

  constructor() {
    compiled ??= new WebAssembly.Module(moduleOf({ numberPlaces, writeKeys, joinStrings }))
    this.run = new WebAssembly.Instance(compiled, { host: { memory: this.memory } }).exports as RunBody['run']
  }

  get memoryBytes(): number {
    return this.memory.buffer.byteLength
  }

  /** Starts over: lists of up to `longest` documents of a catalogue, `documents` in all. */
  begin(catalogue: Catalogue, { longest, documents }: { longest: number; documents: number }): void {
    if (catalogue !== this.catalogue?.deref() || longest > this.longest) this.lay(catalogue, longest)
    const { state, met, body } = this.layout
    this.end = body
    this.reserve(documents * BYTES_PER_DOCUMENT)
    new Uint32Array(this.memory.buffer, state, 1)[0] = 0
    new Uint32Array(this.memory.buffer, met, catalogue.size).fill(0)
  }

  /** Writes the number of documents, their places and their scores. */
  add(places: Uint32Array, scores: Float32Array): void {
    const { state, met, order, list } = this.layout
    const count = places.length
    this.reserve((2 * count + 1) * MOST_VARINT_BYTES)
    const words = new Uint32Array(this.memory.buffer, list, Math.max(1, count))
    this.end = this.varint(count)
    words.set(places)
    this.end = this.run.numberPlaces(list, count, met, order, state, this.end)
    words.set(new Uint32Array(scores.buffer, scores.byteOffset, count))
    this.end = this.run.writeKeys(list, count, this.end)
  }

  /** The ids of the documents, in the order of their first appearance, as a JSON array in UTF-8. Valid until the next call. */
  get ids(): Uint8Array {
    const { state, order, strings, ends, ids } = this.layout
    const [count] = new Uint32Array(this.memory.buffer, state, 1) as unknown as [number]
    // each has a comma after it: the last one makes room for the bracket
    const end = Math.max(ids + 2, this.run.joinStrings(order, count, strings, ends, ids + 1))
    const bytes = new Uint8Array(this.memory.buffer)
    bytes[ids] = OPEN
    bytes[end - 1] = CLOSE
    return bytes.subarray(ids, end)
  }

  /** Valid until the next call. */
  get written(): Uint8Array {
    return new Uint8Array(this.memory.buffer, this.layout.body, this.end - this.layout.body)
  }

  private lay(catalogue: Catalogue, longest: number): void {
    const { bytes, ends } = catalogue.shared
    const sizes = {
      ...{ state: 4, met: 4 * catalogue.size, order: 4 * (catalogue.size + 1), ends: 4 * ends.length },
      ...{ strings: bytes.length + JOIN_SPILL, ids: bytes.length + 2 + JOIN_SPILL, list: 4 * Math.max(1, longest), body: 0 },
    }
    let at = 0
    const starts = Object.entries(sizes).map(([region, size]) => {
      const start = at
      at = Math.ceil((at + size) / 16) * 16
      return [region, start]
    })
    this.layout = Object.fromEntries(starts)
    this.end = this.layout.body
    this.reserve(0)
    new Uint32Array(this.memory.buffer, this.layout.ends, ends.length).set(ends)
    new Uint8Array(this.memory.buffer, this.layout.strings, bytes.length).set(bytes)
    this.catalogue = new WeakRef(catalogue)
    this.longest = longest
  }

  private varint(value: number): number {
    const bytes = new Uint8Array(this.memory.buffer)
    let at = this.end
    let rest = value
    for (; rest >= 0x80; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80
    bytes[at++] = rest
    return at
  }

  private reserve(bytes: number): void {
    const missing = Math.ceil((this.end + bytes + VARINT_SPILL - this.memory.buffer.byteLength) / PAGE)
    if (missing > 0) this.memory.grow(Math.max(missing, Math.ceil((this.end - this.layout.body) / PAGE)))
  }
}
