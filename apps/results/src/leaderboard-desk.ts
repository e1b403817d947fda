import { randomBytes } from 'node:crypto'
import type { LedgerReader } from '@sweepboard/ledger'
import { type Leaderboard, type Ranking, type ScoredRow, toLeaderboard } from './leaderboard.ts'
import { type PairingQuery, pairingParams, readPairing } from './pairing.ts'
import { PublishedIndex } from './published-index.ts'
import { type LeaderboardQuery, leaderboardParams, readRanking } from './read-leaderboard.ts'
import { resourceRows } from './resources.ts'

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
  /** Rows as JSON, the closing brace left off. */
  readonly #pieces = new WeakMap<ScoredRow, string>()

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

  /** Drops the answers kept, not the imported scores they are made of. */
  forget(): void {
    this.#kept.clear()
  }

  /** Throws `SB-LEDGER-002` for an unknown sweep. */
  board(query: LeaderboardQuery): Leaderboard {
    return toLeaderboard(this.#ranking(query))
  }

  /** The same as JSON. Throws `SB-LEDGER-002`. */
  text(query: LeaderboardQuery): string {
    return this.#keep(leaderboardParams(query).toString(), () => this.#write(this.#ranking(query)))
  }

  /** Two rows over what both have, as JSON. Throws what `readPairing` throws. */
  pairing(query: PairingQuery): string {
    return this.#keep(`compare ${pairingParams(query)}`, () => JSON.stringify(readPairing(this.#reader, query)))
  }

  /** What the recipes of a sweep's rows took, or of the rows of all sweeps, as JSON. Throws `SB-LEDGER-002`. */
  resources(sweep: string | null): string {
    return this.#keep(`resources ${sweep ?? ''}`, () => {
      if (sweep !== null) this.#reader.sweepStatus(sweep)
      return JSON.stringify(resourceRows(sweep === null ? this.#reader.allScoredCells() : this.#reader.cells(sweep)))
    })
  }

  /** A text made once for each state of the scores. */
  #keep(key: string, write: () => string): string {
    const version = this.#version()
    if (version !== this.#keptVersion) this.forget()
    this.#keptVersion = version
    const text = this.#kept.get(key) ?? write()
    // Deleted and set again: the map's order is the order of use.
    this.#kept.delete(key)
    this.#kept.set(key, text)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) break
      this.#kept.delete(oldest)
    }
    return text
  }

  #ranking(query: LeaderboardQuery): Ranking {
    return readRanking(this.#reader, this.published, query)
  }

  /** The JSON of a board, of pieces: a published row outlives many boards, and only its place among them changes. */
  #write({ rows, ...head }: Ranking): string {
    const lines = rows.map(({ scored, meanType, rank }) => {
      const piece = this.#pieces.get(scored) ?? JSON.stringify(scored.row).slice(0, -1)
      this.#pieces.set(scored, piece)
      return `${piece},"meanType":${meanType},"rank":${rank}}`
    })
    return `${JSON.stringify(head).slice(0, -1)},"rows":[${lines.join(',')}]}`
  }
}
