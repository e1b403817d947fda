/**
 * numpy's `default_rng(seed)` for one 32-bit seed: SeedSequence seeding PCG64 (XSL-RR 128/64), in 32-bit limbs and without
 * BigInt, so that 100,000 streams a second can be opened. Source: numpy/random/bit_generator.pyx and src/pcg64 (BSD-3-Clause).
 */
const MULTIPLIER = [0x9fccf645, 0x4385df64, 0x1fc65da4, 0x2360ed05] as const // little limb first
const pool = new Uint32Array(4)
const seedWords = new Uint32Array(8)

function hashed(value: number, before: number, after: number): number {
  const product = Math.imul(value ^ before, after)
  return product ^ (product >>> 16)
}

/** `SeedSequence(seed).generate_state(4, uint64)` as eight 32-bit words, low half first, in `seedWords`. */
function seedSequence(seed: number): void {
  let constant = 0x43b0d7e5
  const next = (value: number): number => {
    const before = constant
    constant = Math.imul(constant, 0x931e8875)
    return hashed(value, before, constant)
  }
  for (let i = 0; i < 4; i += 1) pool[i] = next(i === 0 ? seed : 0)
  for (let source = 0; source < 4; source += 1) {
    for (let target = 0; target < 4; target += 1) {
      if (source === target) continue
      const mixed = Math.imul(0xca01f9dd, pool[target] as number) - Math.imul(0x4973f715, next(pool[source] as number))
      pool[target] = mixed ^ (mixed >>> 16)
    }
  }
  let output = 0x8b51f9dd
  for (let i = 0; i < 8; i += 1) {
    const before = output
    output = Math.imul(output, 0x58f38ded)
    seedWords[i] = hashed(pool[i & 3] as number, before, output)
  }
}

/** A stream of 64-bit draws, each given as two 32-bit halves in `low` and `high`. */
export class Pcg64 {
  low = 0
  high = 0
  private readonly state = new Uint32Array(4)
  private readonly increment = new Uint32Array(4)

  /** Starts the stream anew from a seed below 2^32. */
  seed(seed: number): void {
    seedSequence(seed >>> 0)
    const w = seedWords as unknown as number[]
    const { state, increment } = this
    // initstate = w0 * 2^64 + w1 and initseq = w2 * 2^64 + w3 in 64-bit words; increment = 2 * initseq + 1.
    const sequence = [w[6], w[7], w[4], w[5]] as [number, number, number, number]
    for (let i = 3; i > 0; i -= 1) increment[i] = ((sequence[i] as number) << 1) | ((sequence[i - 1] as number) >>> 31)
    increment[0] = (sequence[0] << 1) | 1
    state.set(increment) // the first step from state 0
    this.add([w[2], w[3], w[0], w[1]] as number[])
    this.step()
  }

  /** Draws 64 bits: step, then rotate (high xor low) right by the top 6 bits of the state. */
  next(): void {
    this.step()
    const s = this.state
    const low = ((s[0] as number) ^ (s[2] as number)) >>> 0
    const high = ((s[1] as number) ^ (s[3] as number)) >>> 0
    const turn = (s[3] as number) >>> 26
    const shift = turn & 31
    const [a, b] = turn < 32 ? [low, high] : [high, low]
    this.low = shift === 0 ? a : ((a >>> shift) | (b << (32 - shift))) >>> 0
    this.high = shift === 0 ? b : ((b >>> shift) | (a << (32 - shift))) >>> 0
  }

  private add(other: ArrayLike<number>): void {
    let carry = 0
    for (let i = 0; i < 4; i += 1) {
      const sum = (this.state[i] as number) + (other[i] as number) + carry
      this.state[i] = sum
      carry = sum > 0xffffffff ? 1 : 0
    }
  }

  /** state = state * MULTIPLIER + increment mod 2^128, schoolbook in 16-bit halves of the multiplier. */
  private step(): void {
    const s = this.state
    let carryLow = 0
    const r0 = s[0] as number
    const r1 = s[1] as number
    const r2 = s[2] as number
    const r3 = s[3] as number
    const limbs = [r0, r1, r2, r3]
    for (let k = 0; k < 4; k += 1) {
      // Column k: the low halves of limb i x limb k-i, plus the carry; high halves go to the next column.
      let low = carryLow + (this.increment[k] as number)
      let high = 0
      for (let i = 0; i <= k; i += 1) {
        const a = limbs[i] as number
        const b = MULTIPLIER[k - i] as number
        low += Math.imul(a, b) >>> 0
        if (k < 3) high += multiplyHigh(a, b)
      }
      s[k] = low
      carryLow = high + Math.floor(low / 4294967296)
    }
  }
}

/** The upper 32 bits of a 32 x 32 bit product. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16)
  const other = aLow * bHigh + (middle & 0xffff)
  return aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(other / 65536)
}
