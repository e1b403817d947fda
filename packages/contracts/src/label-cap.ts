/**
 * Values of a metric's label, bounded: the first `most` different ones are kept as they are (cut to 120 characters), every later one is
 * called `other`. A model's name is input from outside, and each value makes a series that is kept for ever.
 */
export class LabelCap {
  readonly #most: number
  readonly #known = new Set<string>()

  constructor(most = 100) {
    this.#most = most
  }

  value(given: string): string {
    const value = given.slice(0, 120)
    if (this.#known.has(value)) return value
    if (this.#known.size >= this.#most) return 'other'
    this.#known.add(value)
    return value
  }
}
