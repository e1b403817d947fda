/**
 * Uniform 32-bit integers from a seed: sfc32 (Chris Doty-Humphrey's Small Fast Counting generator), period at least 2^32, passes
 * PractRand. The same seed gives the same numbers on every machine. Not for secrets.
 *
 * @param seed any safe integer; 15 numbers are thrown away so that near seeds part
 */
export function seededRandom(seed: number): () => number {
  let a = seed | 0
  let b = Math.floor(seed / 2 ** 32) | 0
  let c = 0x9e3779b9
  let counter = 1
  const next = () => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    c |= 0
    return sum >>> 0
  }
  for (let i = 0; i < 15; i++) next()
  return next
}
