import { type Config, configKey, type Judgments, type ScoreWork, SweepError, sha256, writeVectors } from '@sweepboard/contracts'
import type { Matrix, ScoreIo } from '../src/index.ts'

/** A content-addressed store in memory that counts reads. */
export class MemoryStore implements ScoreIo {
  readonly files = new Map<string, Uint8Array>()
  readonly reads = new Map<string, number>()

  async get(digest: string): Promise<Uint8Array<ArrayBuffer>> {
    this.reads.set(digest, (this.reads.get(digest) ?? 0) + 1)
    const bytes = this.files.get(digest)
    if (!bytes) throw new SweepError('SB-ART-001', { digest })
    if (sha256(bytes) !== digest) throw new SweepError('SB-ART-002', { digest, found: sha256(bytes) })
    return new Uint8Array(bytes)
  }

  async put(bytes: Uint8Array): Promise<string> {
    const digest = sha256(bytes)
    this.files.set(digest, bytes)
    return digest
  }
}

export const FULL_COSINE: Config = { dimensions: null, precision: 'float32', similarity: 'cosine' }

export interface GroupInput {
  readonly queries: Matrix
  readonly documents: Matrix
  readonly judgments: Judgments
  readonly configs: readonly Config[]
  readonly chunkRows?: number
}

/** Stores a group's vectors and judgments, cut into chunks, and returns its score work. */
export async function storedWork(
  store: MemoryStore,
  { queries, documents, judgments, configs, chunkRows = 100 }: GroupInput,
): Promise<ScoreWork> {
  return {
    kind: 'score',
    lease: 'j00000000000000000000',
    group: 1,
    task: 'Golden',
    mainScore: 'ndcg_at_10',
    judgments: await store.put(Buffer.from(JSON.stringify(judgments))),
    queries: await storedSide(store, { rows: queries, encoding: 1, chunkRows }),
    documents: await storedSide(store, { rows: documents, encoding: 2, chunkRows }),
    configs: configs.map((config) => ({ key: configKey(config), config })),
    similarity: 'cosine',
  }
}

export async function storedSide(
  store: MemoryStore,
  side: { rows: Matrix; encoding: number; chunkRows: number },
): Promise<ScoreWork['queries']> {
  const { values, rowCount, dim } = side.rows
  const chunks: ScoreWork['queries']['chunks'] = []
  for (let start = 0; start < rowCount; start += side.chunkRows) {
    const end = Math.min(rowCount, start + side.chunkRows)
    const digest = await store.put(
      writeVectors({ rowCount: end - start, dim, values: new Float32Array(values.slice(start * dim, end * dim)) }),
    )
    chunks.push({ n: chunks.length, start, end, digest })
  }
  return { encoding: side.encoding, textSet: sha256(`set ${side.encoding}`), count: rowCount, chunks }
}

/** Judgments in which every id has a row of its own. */
export function plainJudgments(
  parts: Pick<Judgments, 'queryIds' | 'documentIds' | 'qrels'> & { ignoreIdenticalIds?: boolean },
): Judgments {
  return {
    version: 1,
    ignoreIdenticalIds: false,
    kinds: null,
    queryRows: [...parts.queryIds.keys()],
    documentRows: [...parts.documentIds.keys()],
    ...parts,
  }
}
