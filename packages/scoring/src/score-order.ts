import { deal } from './deal-code.ts'
import { moduleOf } from './wasm-code.ts'

const PAGE = 65_536
/** Bits of a key by which it is dealt at once, at most. */
const MOST_BITS = 9
/** Bytes of the counts of digits. */
const COUNT_BYTES = 4 << MOST_BITS
/** Equal scores that are put in order one by one. */
const FEW = 24

let compiled: WebAssembly.Module | null = null

type Deal = (...addresses: number[]) => void

/** Sorts places by keys of 32 bits, and by themselves where keys are equal: a radix sort in WebAssembly. */
export class ScoreOrder {
  /** To be filled with what `sort` puts in order; read again after it. Valid until the next `reserve` or `sort`. */
  keys = new Uint32Array(0)
  places = new Uint32Array(0)
  private otherKeys = new Uint32Array(0)
  private otherPlaces = new Uint32Array(0)
  private readonly memory = new WebAssembly.Memory({ initial: 1 })
  private readonly deal: Deal

  constructor() {
    compiled ??= new WebAssembly.Module(moduleOf({ deal }))
    this.deal = new WebAssembly.Instance(compiled, { host: { memory: this.memory } }).exports.deal as Deal
  }

  reserve(size: number): void {
    if (this.keys.length >= size) return
    const pages = Math.ceil((COUNT_BYTES + 16 * size) / PAGE) - this.memory.buffer.byteLength / PAGE
    if (pages > 0) this.memory.grow(pages)
    const words = (i: number) => new Uint32Array(this.memory.buffer, COUNT_BYTES + 4 * i * size, size)
    this.keys = words(0)
    this.places = words(1)
    this.otherKeys = words(2)
    this.otherPlaces = words(3)
  }

  /** Puts the first `count` in ascending order. Places are distinct. */
  sort(count: number): void {
    const { keys } = this
    let [least, most] = [keys[0] ?? 0, keys[0] ?? 0]
    for (let i = 0; i < count; i++) {
      const key = keys[i] as number
      if (key < least) least = key
      if (key > most) most = key
    }
    // the best of a list lie near each other: above the least, most of them have few bits
    const bits = count > 0 ? 32 - Math.clz32(most - least) : 0
    const digitBits = Math.ceil(bits / Math.ceil(bits / MOST_BITS))
    for (let shift = 0; shift < bits; shift += digitBits) this.distribute(count, least, { shift, mask: (1 << digitBits) - 1 })
    this.sortEquals(count)
  }

  /** Stable, by some bits of what a key is above the least. */
  private distribute(count: number, least: number, { shift, mask }: { shift: number; mask: number }): void {
    const { keys, places, otherKeys, otherPlaces } = this
    const [from, to] = [keys.byteOffset, otherKeys.byteOffset]
    this.deal(from, places.byteOffset, to, otherPlaces.byteOffset, 0, count, least, shift, mask)
    this.keys = otherKeys
    this.places = otherPlaces
    this.otherKeys = keys
    this.otherPlaces = places
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
