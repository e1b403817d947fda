/** Bits of a key by which it is dealt at once, at most. */
const MOST_BITS = 11
/** Equal scores that are put in order one by one. */
const FEW = 24

/** Sorts places by keys of 32 bits, and by themselves where keys are equal: a radix sort, four times as fast as one of 64-bit numbers. */
export class ScoreOrder {
  /** To be filled with what `sort` puts in order; read again after it. */
  keys = new Uint32Array(0)
  places = new Uint32Array(0)
  private otherKeys = new Uint32Array(0)
  private otherPlaces = new Uint32Array(0)
  private readonly counts = new Uint32Array(1 << MOST_BITS)

  reserve(size: number): void {
    if (this.keys.length >= size) return
    this.keys = new Uint32Array(size)
    this.places = new Uint32Array(size)
    this.otherKeys = new Uint32Array(size)
    this.otherPlaces = new Uint32Array(size)
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
    const bits = 32 - Math.clz32(most - least)
    const digitBits = Math.ceil(bits / Math.ceil(bits / MOST_BITS))
    for (let shift = 0; shift < bits; shift += digitBits) this.distribute(count, { least, shift, digits: 1 << digitBits })
    this.sortEquals(count)
  }

  /** Stable, by some bits of what a key is above the least. */
  private distribute(count: number, { least, shift, digits }: { least: number; shift: number; digits: number }): void {
    const { keys, places, otherKeys, otherPlaces, counts } = this
    counts.fill(0, 0, digits)
    for (let i = 0; i < count; i++) {
      const digit = (((keys[i] as number) - least) >>> shift) & (digits - 1)
      counts[digit] = (counts[digit] as number) + 1
    }
    let before = 0
    for (let digit = 0; digit < digits; digit++) {
      const own = counts[digit] as number
      counts[digit] = before
      before += own
    }
    for (let i = 0; i < count; i++) {
      const key = keys[i] as number
      const digit = ((key - least) >>> shift) & (digits - 1)
      const to = counts[digit] as number
      counts[digit] = to + 1
      otherKeys[to] = key
      otherPlaces[to] = places[i] as number
    }
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
