import { randomBytes } from 'node:crypto'
import type { LedgerReader } from '@sweepboard/ledger'
import type { Leaderboard } from './leaderboard.ts'
import { PublishedIndex } from './published-index.ts'
import { type LeaderboardQuery, leaderboardParams, readLeaderboard } from './read-leaderboard.ts'

/** Answers kept: one a tab that is open, roughly. */
const KEPT = 32

/** Leaderboards as a service answers them: made once for each state of the scores, then handed out as the same text. */
export class LeaderboardDesk {
  readonly #reader: LedgerReader
  readonly #version: () => number
  readonly published: PublishedIndex
  /** Versions start anew with the process; tags of an earlier one must not match. */
  readonly #salt = randomBytes(6).toString('hex')
  #keptVersion = -1
  readonly #kept = new Map<string, string>()

  /** `version` grows with every change of a score, own or imported. */
  constructor(reader: LedgerReader, version: () => number) {
    this.#reader = reader
    this.#version = version
    this.published = new PublishedIndex(reader)
  }

  /** Entity tag of every board of this moment; each URL has its own, so the query needs no part in it. */
  get tag(): string {
    return `"${this.#salt}-${this.#version()}"`
  }

  /** Throws `SB-LEDGER-002` for an unknown sweep. */
  board(query: LeaderboardQuery): Leaderboard {
    return readLeaderboard(this.#reader, this.published, query)
  }

  /** The same as JSON. Throws `SB-LEDGER-002`. */
  text(query: LeaderboardQuery): string {
    const version = this.#version()
    if (version !== this.#keptVersion) this.#kept.clear()
    this.#keptVersion = version
    const key = leaderboardParams(query).toString()
    const text = this.#kept.get(key) ?? JSON.stringify(this.board(query))
    // Deleted and set again: the map's order is the order of use.
    this.#kept.delete(key)
    this.#kept.set(key, text)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) break
      this.#kept.delete(oldest)
    }
    return text
  }
}
