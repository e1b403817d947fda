import { readPerQuery } from '@sweepboard/scoring'

/** A cell by what was scored query by query. */
export interface ScoredByQuery {
  /** Artifact; null where the task's type has no score of one query. */
  readonly perQuery: string | null
  readonly mainScoreName: string
}

/** Bytes of an artifact; null where it is gone. */
export type ReadArtifact = (digest: string) => Promise<Uint8Array | null>

/** Main scores by query, each artifact read once. */
export class PairedScores {
  readonly #artifact: ReadArtifact
  readonly #read = new Map<string, ReadonlyMap<string, number> | null>()

  constructor(artifact: ReadArtifact) {
    this.#artifact = artifact
  }

  /**
   * [queries] main score of a minus that of b, over the queries both have, in the order of a; null where either has none.
   * Throws `SB-ART-002` for an artifact that holds something else.
   */
  async differences(a: ScoredByQuery, b: ScoredByQuery): Promise<number[] | null> {
    const [own, its] = [await this.#mainByQuery(a), await this.#mainByQuery(b)]
    if (own === null || its === null) return null
    const found = [...own].flatMap(([id, score]) => (its.has(id) ? [score - (its.get(id) as number)] : []))
    return found.length === 0 ? null : found
  }

  async #mainByQuery({ perQuery, mainScoreName }: ScoredByQuery): Promise<ReadonlyMap<string, number> | null> {
    if (perQuery === null) return null
    const key = `${perQuery} ${mainScoreName}`
    if (!this.#read.has(key)) {
      const bytes = await this.#artifact(perQuery)
      const file = bytes && readPerQuery(bytes)
      const values = file?.values[mainScoreName]
      this.#read.set(key, file && values ? new Map(file.queryIds.map((id, i) => [id, values[i] as number])) : null)
    }
    return this.#read.get(key) ?? null
  }
}
