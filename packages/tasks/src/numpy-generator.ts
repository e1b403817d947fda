const MASK_32 = 0xffffffffn
const MASK_64 = (1n << 64n) - 1n
const MASK_128 = (1n << 128n) - 1n
const MULTIPLIER = (2549297995355413924n << 64n) + 4865540595714422341n
/** numpy draws without replacement by tail shuffle above this length, when at least a fiftieth is taken; else by Floyd. */
const TAIL_SHUFFLE_LENGTH = 10_000
const TAIL_SHUFFLE_SHARE = 50

/**
 * numpy's `default_rng(seed)`, seed below 2^32: PCG64 (XSL-RR 128/64) seeded by SeedSequence, with the draws that data set
 * cuts use. Sources: numpy/random/bit_generator.pyx, _generator.pyx; protocol 7.3.
 */
export class NumpyGenerator {
  #state = 0n
  readonly #increment: bigint
  /** Upper half of the last 64 bits, given out by the next 32-bit draw. */
  #buffered: number | null = null

  constructor(seed: number) {
    const [w0, w1, w2, w3] = seedWords(seed) as [bigint, bigint, bigint, bigint]
    this.#increment = (((w2 << 64n) | w3) << 1n) | 1n
    this.#step()
    this.#state = (this.#state + ((w0 << 64n) | w1)) & MASK_128
    this.#step()
  }

  u64(): bigint {
    this.#step()
    const mixed = (this.#state >> 64n) ^ (this.#state & MASK_64)
    const turn = this.#state >> 122n
    return ((mixed >> turn) | (mixed << (64n - turn))) & MASK_64
  }

  u32(): number {
    if (this.#buffered !== null) {
      const value = this.#buffered
      this.#buffered = null
      return value
    }
    const bits = this.u64()
    this.#buffered = Number(bits >> 32n)
    return Number(bits & MASK_32)
  }

  /** `permutation(n)`: the numbers below n, shuffled from the end. */
  permutation(n: number): number[] {
    const items = Array.from({ length: n }, (_, i) => i)
    for (let i = n - 1; i > 0; i -= 1) swap(items, i, this.#masked(i))
    return items
  }

  /** `choice(items, size, replace=False)`. */
  choice<T>(items: readonly T[], size: number): T[] {
    const n = items.length
    if (n > TAIL_SHUFFLE_LENGTH && size > Math.floor(n / TAIL_SHUFFLE_SHARE)) {
      const all = Array.from({ length: n }, (_, i) => i)
      for (let i = n - 1; i >= Math.max(n - size, 1); i -= 1) swap(all, i, this.#lemire(i))
      return all.slice(n - size).map((i) => items[i] as T)
    }
    const taken = new Set<number>()
    const places: number[] = []
    for (let j = n - size; j < n; j += 1) {
      const drawn = this.#lemire(j)
      const place = taken.has(drawn) ? j : drawn
      taken.add(place)
      places.push(place)
    }
    for (let i = size - 1; i > 0; i -= 1) swap(places, i, this.#lemire(i))
    return places.map((i) => items[i] as T)
  }

  /** A number in 0..max by masked rejection. */
  #masked(max: number): number {
    const mask = 2 ** (32 - Math.clz32(max)) - 1
    for (;;) {
      const value = (this.u32() & mask) >>> 0
      if (value <= max) return value
    }
  }

  /** A number in 0..max by Lemire's bounded draw; 0 without a draw for max 0. */
  #lemire(max: number): number {
    if (max === 0) return 0
    const range = BigInt(max) + 1n
    const threshold = (MASK_32 - BigInt(max)) % range
    let product = BigInt(this.u32()) * range
    while ((product & MASK_32) < threshold) product = BigInt(this.u32()) * range
    return Number(product >> 32n)
  }

  #step(): void {
    this.#state = (this.#state * MULTIPLIER + this.#increment) & MASK_128
  }
}

function swap(items: number[], i: number, j: number): void {
  const held = items[i] as number
  items[i] = items[j] as number
  items[j] = held
}

/** `SeedSequence(seed).generate_state(4, uint64)`. */
function seedWords(seed: number): bigint[] {
  let constant = 0x43b0d7e5
  const hash = (value: number) => {
    const mixed = value ^ constant
    constant = Math.imul(constant, 0x931e8875)
    const product = Math.imul(mixed, constant)
    return product ^ (product >>> 16)
  }
  const pool = [seed, 0, 0, 0].map(hash)
  for (let source = 0; source < 4; source += 1)
    for (let target = 0; target < 4; target += 1) {
      if (source === target) continue
      const mixed = Math.imul(0xca01f9dd, pool[target] as number) - Math.imul(0x4973f715, hash(pool[source] as number))
      pool[target] = mixed ^ (mixed >>> 16)
    }
  let output = 0x8b51f9dd
  const words = Array.from({ length: 8 }, (_, i) => {
    const mixed = (pool[i & 3] as number) ^ output
    output = Math.imul(output, 0x58f38ded)
    const product = Math.imul(mixed, output)
    return BigInt((product ^ (product >>> 16)) >>> 0)
  })
  return [0, 2, 4, 6].map((i) => ((words[i + 1] as bigint) << 32n) | (words[i] as bigint))
}
