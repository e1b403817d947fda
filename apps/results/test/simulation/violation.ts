/** An invariant of protocol section 12 that did not hold. */
export class Violation extends Error {
  readonly invariant: string

  constructor(invariant: string, detail: string) {
    super(`${invariant}: ${detail}`)
    this.invariant = invariant
  }
}

/** A process dies here: thrown at a named crash point (protocol section 11). */
export class Crash extends Error {
  readonly point: string

  constructor(point: string) {
    super(`crash at ${point}`)
    this.point = point
  }
}
