import { deal } from './deal-code.ts'
import { countEquals, findEnds, findKeys, listKeys } from './order-code.ts'
import type { FoundRows } from './top-rows.ts'
import { moduleOf } from './wasm-code.ts'

const PAGE = 65_536
/** Bits of a key by which it is dealt at once, at most. */
const MOST_BITS = 11
/** Bytes of the counts of digits. */
const COUNT_BYTES = 4 << MOST_BITS
/** Bytes of the least and the largest key. */
const END_BYTES = 8
const TABLE_START = COUNT_BYTES + END_BYTES
/** Equal scores that are put in order one by one. */
const FEW = 24
/** Of so many keys one or none equal to the one before: such are put in order by themselves. */
const FEW_EQUALS = 8

let compiled: WebAssembly.Module | null = null

type Run = Readonly<Record<'deal' | 'findKeys' | 'findEnds' | 'countEquals' | 'listKeys', (...parameters: number[]) => number>>

/** Sorts places by keys of 32 bits, and by themselves where keys are equal: a radix sort in WebAssembly. */
export class ScoreOrder {
  /** To be filled with what `sort` puts in order; read again after it. Valid until the next `reserve` or `sort`. */
  keys = new Uint32Array(0)
  places = new Uint32Array(0)
  private otherKeys = new Uint32Array(0)
  private otherPlaces = new Uint32Array(0)
  private readonly memory = new WebAssembly.Memory({ initial: 1 })
  private readonly run: Run
  private readonly table: Uint32Array
  /** Of the latest list more than one key in so many was equal to the one before. */
  private hadMany = false

  /** `table`: [row] place of the document of a row, for `take`. */
  constructor(table: Uint32Array = new Uint32Array(0)) {
    compiled ??= new WebAssembly.Module(moduleOf({ deal, findKeys, findEnds, countEquals, listKeys }))
    this.run = new WebAssembly.Instance(compiled, { host: { memory: this.memory } }).exports as Run
    this.table = table
    this.grow(TABLE_START + 4 * table.length)
    new Uint32Array(this.memory.buffer, TABLE_START, table.length).set(table)
  }

  reserve(size: number): void {
    if (this.keys.length >= size) return
    const start = TABLE_START + 4 * this.table.length
    this.grow(start + 16 * size)
    const words = (i: number) => new Uint32Array(this.memory.buffer, start + 4 * i * size, size)
    this.keys = words(0)
    this.places = words(1)
    this.otherKeys = words(2)
    this.otherPlaces = words(3)
  }

  /** Makes `keys`, which grow as scores fall, and `places` of found rows. */
  take({ rows, scores }: FoundRows): void {
    const count = rows.length
    this.reserve(count)
    const { keys, places, otherKeys, otherPlaces } = this
    otherKeys.set(new Uint32Array(scores.buffer, scores.byteOffset, count))
    otherPlaces.set(rows)
    const [from, to] = [otherKeys.byteOffset, keys.byteOffset]
    this.run.findKeys(from, otherPlaces.byteOffset, TABLE_START, count, to, places.byteOffset)
  }

  /** Puts the first `count` in ascending order. Places are distinct. */
  sort(count: number): void {
    if (count === 0) return
    // stable by places, then by keys: for lists of many equals, of which the next ones of a config are too
    if (this.hadMany) this.sortBy('places', count)
    this.sortBy('keys', count)
    const equals = this.run.countEquals(this.keys.byteOffset, count)
    const hasMany = FEW_EQUALS * equals > count
    if (equals > 0 && !this.hadMany) {
      if (hasMany) {
        this.sortBy('places', count)
        this.sortBy('keys', count)
      } else this.sortEquals(count)
    }
    this.hadMany = hasMany
  }

  /** Of the first `count` in order, those at other places than `except`: their places, and the bits of the scores that their keys were made of. */
  list(count: number, except: number): { readonly places: Uint32Array; readonly bits: Uint32Array } {
    const { keys, places, otherKeys, otherPlaces } = this
    const [toPlaces, toBits] = [otherPlaces.byteOffset, otherKeys.byteOffset]
    const listed = this.run.listKeys(keys.byteOffset, places.byteOffset, count, except, toPlaces, toBits)
    return { places: otherPlaces.subarray(0, listed), bits: otherKeys.subarray(0, listed) }
  }

  private grow(bytes: number): void {
    const pages = Math.ceil(bytes / PAGE) - this.memory.buffer.byteLength / PAGE
    if (pages > 0) this.memory.grow(pages)
  }

  /** Stable. */
  private sortBy(by: 'keys' | 'places', count: number): void {
    this.run.findEnds(this[by].byteOffset, count, COUNT_BYTES)
    const [least, most] = new Uint32Array(this.memory.buffer, COUNT_BYTES, 2) as unknown as [number, number]
    // the best of a list lie near each other: above the least, most of them have few bits
    const bits = 32 - Math.clz32(most - least)
    const digitBits = Math.ceil(bits / Math.ceil(bits / MOST_BITS))
    for (let shift = 0; shift < bits; shift += digitBits) {
      const { keys, places, otherKeys, otherPlaces } = this
      const own = [keys, places, otherKeys, otherPlaces].map(({ byteOffset }) => byteOffset)
      const [a, b, c, d] = (by === 'keys' ? own : [own[1], own[0], own[3], own[2]]) as [number, number, number, number]
      this.run.deal(a, b, c, d, 0, count, least, shift, (1 << digitBits) - 1)
      this.keys = otherKeys
      this.places = otherPlaces
      this.otherKeys = keys
      this.otherPlaces = places
    }
  }

  private sortEquals(count: number): void {
    const { keys, places } = this
    for (let start = 0; start < count; ) {
      let end = start + 1
      while (end < count && keys[end] === keys[start]) end++
      if (end - start > FEW) places.subarray(start, end).sort()
      else if (end - start > 1) insertInOrder(places, start, end)
      start = end
    }
  }
}

function insertInOrder(values: Uint32Array, start: number, end: number): void {
  for (let i = start + 1; i < end; i++) {
    const value = values[i] as number
    let at = i
    while (at > start && (values[at - 1] as number) > value) values[at] = values[--at] as number
    values[at] = value
  }
}
