import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, sha256 } from '@sweepboard/contracts'
import type { AnswerKeeper, KeptAnswer } from '@sweepboard/models'

/** SHA-256 of what follows, as hex; tokens (f64, NaN = not told); rows and numbers in a row (u32). All little endian. */
const DIGEST_BYTES = 64
const HEAD_BYTES = DIGEST_BYTES + 16
/** Age at which nobody comes back to an answer. */
const OLD_MS = 3_600_000

/**
 * What a server answered to requests of one chunk, on disk until the chunk is written: a try after the end of the server, the child or the
 * worker asks only for the rest. Never flushed, and so checked when read. A disk that takes nothing keeps nothing.
 */
export class KeptAnswers implements AnswerKeeper {
  readonly #folder: string
  readonly #paths = new Set<string>()

  /** `folder`: answers of one load by one version of its server. */
  constructor(folder: string) {
    this.#folder = folder
  }

  async get(request: Digest): Promise<KeptAnswer | null> {
    const path = join(this.#folder, request)
    const bytes = await readFile(path).catch(() => null)
    if (bytes === null) return null
    this.#paths.add(path)
    return readAnswer(bytes)
  }

  async put(request: Digest, answer: KeptAnswer): Promise<void> {
    const path = join(this.#folder, request)
    this.#paths.add(path)
    try {
      mkdirSync(this.#folder, { recursive: true })
      await writeFile(path, writeAnswer(answer))
    } catch {
      // It is asked for again, should this try not come to its end.
    }
  }

  /** The chunk is written: none of its answers is needed any more. */
  async clear(): Promise<void> {
    await Promise.all([...this.#paths].map((path) => rm(path, { force: true }).catch(() => undefined)))
    this.#paths.clear()
  }
}

/** Removes answers of chunks that others have done meanwhile, or nobody wants any more. `folder`: those of all loads. */
export function clearKept(folder: string): void {
  try {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const path = join(folder, name)
      const found = statSync(path, { throwIfNoEntry: false })
      if (found?.isFile() && Date.now() - found.mtimeMs >= OLD_MS) rmSync(path, { force: true })
    }
  } catch {
    // No such folder yet, or a disk that takes nothing.
  }
}

function writeAnswer({ rows, tokenCount }: KeptAnswer): Uint8Array {
  const dim = rows[0]?.length ?? 0
  const bytes = Buffer.alloc(HEAD_BYTES + rows.length * dim * 4)
  bytes.writeDoubleLE(tokenCount ?? Number.NaN, DIGEST_BYTES)
  bytes.writeUInt32LE(rows.length, DIGEST_BYTES + 8)
  bytes.writeUInt32LE(dim, DIGEST_BYTES + 12)
  for (const [i, row] of rows.entries())
    Buffer.from(row.buffer, row.byteOffset, row.byteLength).copy(bytes, HEAD_BYTES + i * dim * 4)
  bytes.write(sha256(bytes.subarray(DIGEST_BYTES)), 0, 'latin1')
  return bytes
}

function readAnswer(bytes: Buffer): KeptAnswer | null {
  if (bytes.length < HEAD_BYTES || sha256(bytes.subarray(DIGEST_BYTES)) !== bytes.toString('latin1', 0, DIGEST_BYTES)) return null
  const tokens = bytes.readDoubleLE(DIGEST_BYTES)
  const [count, dim] = [bytes.readUInt32LE(DIGEST_BYTES + 8), bytes.readUInt32LE(DIGEST_BYTES + 12)]
  if (bytes.length !== HEAD_BYTES + count * dim * 4) return null
  const values = new Float32Array(new Uint8Array(bytes.subarray(HEAD_BYTES)).buffer)
  const rows = Array.from({ length: count }, (_, i) => values.subarray(i * dim, (i + 1) * dim))
  return { rows, tokenCount: Number.isNaN(tokens) ? null : tokens }
}
