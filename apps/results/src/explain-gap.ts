import { comparePaired, type PairedComparison } from '@sweepboard/metrics'

/** Scores of one recipe on the sample. */
export interface SampleScores {
  /** Flat mean of the main score over the task's entries. */
  readonly score: number
  /** Main score by query, `entry query` as key; null where the task's type has none. */
  readonly perQuery: ReadonlyMap<string, number> | null
}

/** What changing one part of the recipe does. */
export interface PartEffect {
  readonly part: string
  readonly change: string
  /** Score on the sample with the change; null where it could not be computed. */
  readonly score: number | null
  /** Score with the change minus without. */
  readonly effect: number | null
  /** Share of the gap that goes when the change is made: 1 all of it, 0 none, below 0 it grows. */
  readonly explained: number | null
  /** Paired over the sample's queries; null where the task has no scores by query. */
  readonly paired: PairedComparison | null
  /** Why there is no score. */
  readonly failure: string | null
}

export interface Variant {
  readonly part: string
  readonly change: string
  readonly scores: SampleScores | null
  readonly failure: string | null
}

/** Nearer than this two shares are one. */
const TIE = 1e-4

/**
 * Effects of single changes, those that explain most of the gap first. `gap` is published minus ours on the whole task, never 0. A
 * change that overshoots explains less than one that hits: explained = 1 - |gap - effect| / |gap|. Equal shares are ranked by p.
 */
export function explainGap(base: SampleScores, variants: readonly Variant[], gap: number): PartEffect[] {
  const effects = variants.map(({ part, change, scores, failure }): PartEffect => {
    if (scores === null) return { part, change, score: null, effect: null, explained: null, paired: null, failure }
    const effect = scores.score - base.score
    const explained = 1 - Math.abs(gap - effect) / Math.abs(gap)
    return { part, change, score: scores.score, effect, explained, paired: pair(base, scores), failure: null }
  })
  return effects.sort((a, b) => {
    const [x, y] = [a.explained ?? Number.NEGATIVE_INFINITY, b.explained ?? Number.NEGATIVE_INFINITY]
    if (x === y) return 0
    return Math.abs(x - y) > TIE ? y - x : (a.paired?.p ?? 1) - (b.paired?.p ?? 1)
  })
}

function pair(base: SampleScores, changed: SampleScores): PairedComparison | null {
  if (base.perQuery === null || changed.perQuery === null) return null
  const differences = [...changed.perQuery].flatMap(([query, score]) => {
    const before = base.perQuery?.get(query)
    return before === undefined ? [] : [score - before]
  })
  return differences.length === 0 ? null : comparePaired(differences)
}

/** Widest half of the 95 % intervals of the effects; null where none has one. */
export function widestHalf(effects: readonly PartEffect[]): number | null {
  const halves = effects.flatMap(({ paired }) => (paired === null ? [] : [(paired.high - paired.low) / 2]))
  return halves.length === 0 ? null : Math.max(...halves)
}

/** Whether a sample tells: every effect is known to half the gap, so that none that explains it all can look like none. */
export function isTelling(effects: readonly PartEffect[], gap: number): boolean {
  const widest = widestHalf(effects)
  return widest !== null && widest <= Math.abs(gap) / 2
}

/** The sentence a person wants: which part, how much of the gap, what to do; or that no part does it. */
export function sayExplanation(effects: readonly PartEffect[], gap: number): string {
  const [first] = effects
  const size = `the gap of ${Math.abs(gap).toFixed(5)}`
  if (first?.explained == null || first.effect === null || first.explained < 0.2)
    return `No single part of the recipe explains a fifth of ${size}: look at the weights, the data's revision and the server.`
  const share = `${Math.round(Math.min(1, first.explained) * 100)} % of ${size}`
  const sure =
    first.paired === null
      ? ''
      : ` (effect ${first.effect >= 0 ? '+' : ''}${first.effect.toFixed(5)}, 95 % ${first.paired.low.toFixed(5)} to ${first.paired.high.toFixed(5)}, p ${first.paired.p.toFixed(4)})`
  const weight = first.explained >= 0.8 ? 'explains' : first.explained >= 0.5 ? 'explains most:' : 'explains a part:'
  return `The ${first.part} ${weight} ${share}: ${first.change}${sure}.`
}
