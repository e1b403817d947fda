const DIGITS = 256
/** Equal scores that are put in order one by one. */
const FEW = 24

/** Sorts places by keys of 32 bits, and by themselves where keys are equal: a radix sort, four times as fast as one of 64-bit numbers. */
export class ScoreOrder {
  /** To be filled with what `sort` puts in order; read again after it. */
  keys = new Uint32Array(0)
  places = new Uint32Array(0)
  private otherKeys = new Uint32Array(0)
  private otherPlaces = new Uint32Array(0)
  private readonly counts = new Uint32Array(4 * DIGITS)

  reserve(size: number): void {
    if (this.keys.length >= size) return
    this.keys = new Uint32Array(size)
    this.places = new Uint32Array(size)
    this.otherKeys = new Uint32Array(size)
    this.otherPlaces = new Uint32Array(size)
  }

  /** Puts the first `count` in ascending order. Places are distinct. */
  sort(count: number): void {
    const { counts } = this
    counts.fill(0)
    for (let i = 0; i < count; i++) {
      const key = this.keys[i] as number
      bump(counts, key & 255)
      bump(counts, DIGITS + ((key >>> 8) & 255))
      bump(counts, 2 * DIGITS + ((key >>> 16) & 255))
      bump(counts, 3 * DIGITS + (key >>> 24))
    }
    for (let digit = 0; digit < 4; digit++) {
      const first = ((this.keys[0] as number) >>> (8 * digit)) & 255
      if (counts[digit * DIGITS + first] !== count) this.distribute(count, digit)
    }
    this.sortEquals(count)
  }

  private distribute(count: number, digit: number): void {
    const { keys, places, otherKeys, otherPlaces, counts } = this
    const [base, shift] = [digit * DIGITS, 8 * digit]
    let before = 0
    for (let i = base; i < base + DIGITS; i++) {
      const own = counts[i] as number
      counts[i] = before
      before += own
    }
    for (let i = 0; i < count; i++) {
      const key = keys[i] as number
      const slot = base + ((key >>> shift) & 255)
      const to = counts[slot] as number
      counts[slot] = to + 1
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

function bump(counts: Uint32Array, at: number): void {
  counts[at] = (counts[at] as number) + 1
}

function insertInOrder(values: Uint32Array, start: number, end: number): void {
  for (let i = start + 1; i < end; i++) {
    const value = values[i] as number
    let at = i
    while (at > start && (values[at - 1] as number) > value) values[at] = values[--at] as number
    values[at] = value
  }
}
