import { namedBatchLimit } from './request-failure.ts'

/** How many items an endpoint takes in one request: what the spec asks for, the server told, or a refusal taught. */
export class BatchLimits {
  #most: number

  constructor(most: number) {
    this.#most = most
  }

  get most(): number {
    return this.#most
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
