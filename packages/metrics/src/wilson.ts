/** An interval of a proportion, both ends in [0, 1]. */
export interface ProportionInterval {
  readonly low: number
  readonly high: number
}

/** The 97.5 % quantile of the standard normal distribution: two-sided 95 %. */
export const Z_95 = 1.959963984540054

/**
 * Wilson's score interval of a binomial proportion, without continuity correction: the values of p with
 * `|x/n - p| <= z * sqrt(p (1 - p) / n)`. Unlike the normal approximation it stays in [0, 1], and it has width at 0 and at n
 * successes, where it begins at exactly 0 and ends at exactly 1.
 *
 * @param successes x, a whole number in [0, n]
 * @param trials n, a whole number of at least 1
 * @param z quantile of the standard normal distribution for half of what the interval leaves out
 * @throws RangeError for other counts, or a z that is not above 0
 * @see E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927), 209-212;
 *   method 3 of R. G. Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998), 857-872
 */
export function wilsonInterval(successes: number, trials: number, z = Z_95): ProportionInterval {
  const isCount = Number.isInteger(successes) && Number.isInteger(trials) && successes >= 0 && trials >= 1 && successes <= trials
  if (!isCount || !(z > 0)) throw new RangeError(`no interval of ${successes} in ${trials} with z ${z}`)
  const square = z * z
  const middle = 2 * successes + square
  const spread = z * Math.sqrt(square + (4 * successes * (trials - successes)) / trials)
  const scale = 2 * (trials + square)
  return {
    low: successes === 0 ? 0 : (middle - spread) / scale,
    high: successes === trials ? 1 : (middle + spread) / scale,
  }
}
