/** Steps of 1/20 for two and three runs, 1/10 for four; beyond that one weight is moved at a time. */
const STEPS: Readonly<Record<number, number>> = { 2: 20, 3: 20, 4: 10 }
const CLIMB_STEP = 0.05

/**
 * Weights that sum to 1 and make `worth` largest: all of a grid for up to four runs, a climb from equal weights beyond. Of equals the
 * one nearest to equal weights wins, so that runs which make no difference keep their share. A pure function of `worth`.
 *
 * @param runCount at least 2
 * @param worth what weights are worth, higher is better; called once for each candidate
 */
export function fitWeights(
  runCount: number,
  worth: (weights: readonly number[]) => number,
): { readonly weights: readonly number[]; readonly worth: number } {
  const steps = STEPS[runCount]
  return steps === undefined ? climb(runCount, worth) : bestOf([equalWeights(runCount), ...grid(runCount, steps)], worth)
}

export function equalWeights(runCount: number): number[] {
  return Array.from({ length: runCount }, () => 1 / runCount)
}

function bestOf(candidates: readonly (readonly number[])[], worth: (weights: readonly number[]) => number) {
  const judged = candidates.map((weights) => ({ weights, worth: worth(weights), unevenness: unevenness(weights) }))
  const best = judged.reduce((best, one) =>
    one.worth > best.worth || (one.worth === best.worth && one.unevenness < best.unevenness) ? one : best,
  )
  return { weights: best.weights, worth: best.worth }
}

/** All weights that are whole multiples of 1 / steps and sum to 1. */
function grid(runCount: number, steps: number): number[][] {
  const parts = (left: number, runs: number): number[][] =>
    runs === 1
      ? [[left]]
      : Array.from({ length: left + 1 }, (_, first) => parts(left - first, runs - 1).map((rest) => [first, ...rest])).flat()
  return parts(steps, runCount).map((counts) => counts.map((count) => count / steps))
}

function climb(runCount: number, worth: (weights: readonly number[]) => number) {
  let best = bestOf([equalWeights(runCount)], worth)
  for (;;) {
    const moves = best.weights.flatMap((_, run) =>
      [CLIMB_STEP, -CLIMB_STEP].flatMap((step) => {
        const moved = best.weights.map((weight, i) => (i === run ? Math.max(0, weight + step) : weight))
        const sum = moved.reduce((total, weight) => total + weight, 0)
        return sum === 0 ? [] : [moved.map((weight) => weight / sum)]
      }),
    )
    const next = bestOf(moves, worth)
    if (next.worth <= best.worth) return best
    best = next
  }
}

function unevenness(weights: readonly number[]): number {
  return weights.reduce((sum, weight) => sum + (weight - 1 / weights.length) ** 2, 0)
}
