/** Nearest integer, ties to the even one, the sign of zero kept: C's `rint`. */
export function roundToEvenInteger(x: number): number {
  const below = Math.floor(x)
  const rest = x - below
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0)
  const rounded = up ? below + 1 : below
  return rounded === 0 && (x < 0 || Object.is(x, -0)) ? -0 : rounded
}

/**
 * Python's `round(x, digits)`: the double nearest to the exact decimal rounding of the binary value, half to even on exact ties.
 * `toFixed` rounds the same exact value but takes ties upwards, so only exact ties need another way.
 *
 * @param digits decimals kept, 0 to 100
 * @returns NaN, infinities, zeros of either sign and values of 1e21 and more as they are
 */
export function roundHalfEven(x: number, digits: number): number {
  if (!Number.isFinite(x) || x === 0 || Math.abs(x) >= 1e21) return x
  // x is dyadic, so 2 * 10^d * x is an odd integer (a tie) exactly when 2^(d+1) * x is one; the scaling by 2 is exact.
  const doubled = Math.abs(x) * 2 ** (digits + 1)
  if (doubled % 2 !== 1) return Number(x.toFixed(digits))
  const below = (BigInt(doubled) * 5n ** BigInt(digits) - 1n) / 2n
  const even = below % 2n === 0n ? below : below + 1n
  return Number(`${x < 0 ? '-' : ''}${even}e-${digits}`)
}

/**
 * `numpy.round(x, digits)`: multiply by 10^digits, round half to even, divide. It differs from Python's rule where the product
 * is inexact next to a tie; MTEB's nAUC values and other NumPy scalars reach the file writer and take this rule.
 */
export function numpyRound(x: number, digits: number): number {
  const scale = 10 ** digits
  return roundToEvenInteger(x * scale) / scale
}
