import { BATCH_PADDED_TOKENS } from '../token-batches.ts'
import { namedBatchLimit } from './request-failure.ts'

/** How many items an endpoint takes in one request: what the spec asks for, the server told, or a refusal taught. */
export class BatchLimits {
  readonly #planned: number
  #most: number

  constructor(most: number) {
    this.#planned = most
    this.#most = most
  }

  get most(): number {
    return this.#most
  }

  /**
   * The same under a budget of padded tokens that memory has taught: a server is given the same share of what the spec asks for as a
   * batch of ours is of a whole one.
   */
  within(tokenBudget: number | undefined): number {
    if (tokenBudget === undefined) return this.#most
    return Math.min(this.#most, Math.max(1, Math.floor((this.#planned * tokenBudget) / BATCH_PADDED_TOKENS)))
  }

  /** The server names its own limit. */
  told(most: number): void {
    this.#most = Math.max(1, Math.min(this.#most, most))
  }

  /** A batch of `count` items was too large; the refusal's words may name the limit. */
  refused(count: number, words: string): void {
    this.told(namedBatchLimit(words) ?? Math.ceil(count / 2))
  }

  /** Where `count` items must be cut; null when they may go together. */
  cutAt(count: number): number | null {
    return count > this.#most ? this.#most : null
  }
}
