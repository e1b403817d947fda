import type { ForgetRule, Ledger, StoredVectors } from '@sweepboard/ledger'

/** Which stored vectors somebody wants gone; each part narrows it further. Nothing that running work needs ever goes. */
export interface VectorOrder {
  /** Not used for so many ms of wall-clock time: committed or scored from. */
  readonly unusedForMs?: number | undefined
  /** Ids of sweeps: their vectors, unless another sweep keeps them. Without it the sweeps' `keep` counts for nothing. */
  readonly sweeps?: readonly string[] | undefined
  /** The least recently used go first, until the whole store is no bigger than that. */
  readonly untilUnderBytes?: number | undefined
}

/** Vectors of one model, its tasks and side. */
export interface ForgottenRow {
  readonly model: string
  readonly tasks: readonly string[]
  readonly side: string
  readonly encodings: number
  readonly files: number
  readonly bytes: number
  /** Wall-clock text; null where never recorded. */
  readonly usedAt: string | null
}

export interface ForgetRun {
  /** The whole store before, in bytes: vectors, texts, runs and all else. */
  readonly storedBytes: number
  readonly encodings: number
  readonly files: number
  readonly bytes: number
  /** Encodings that were asked for and stay: used by running work, or kept by another sweep. */
  readonly used: number
  readonly kept: number
  readonly rows: readonly ForgottenRow[]
}

export interface ForgetParts {
  readonly ledger: Ledger
  readonly store: VectorFiles
  /** Milliseconds since 1970. */
  readonly wallNow: () => number
  readonly pause: () => Promise<unknown>
  readonly isStopped: () => boolean
}

/** The store, as far as forgetting needs it. */
export interface VectorFiles {
  list(): Iterable<string>
  sizeSync(digest: string): number | null
  remove(digest: string): void
}

interface Sized {
  readonly vectors: StoredVectors
  readonly files: number
  readonly bytes: number
}

/** Files deleted in one transaction. */
const SLICE = 500

/**
 * Forgets the vectors that an order names, oldest first, and deletes their files at once: what a commit names again is asked for again. Each
 * encoding is one transaction, looked at again in it; between two other work goes on. A dry run counts what would go.
 */
export async function forgetVectors(parts: ForgetParts, order: VectorOrder, isDry: boolean): Promise<ForgetRun> {
  const rule: ForgetRule = order.sweeps === undefined ? { kind: 'any' } : { kind: 'sweeps', sweeps: order.sweeps }
  const storedBytes = await measure(parts)
  const asked = await find(parts, rule, order)
  const free = asked.filter(({ state }) => state === 'free').sort(byAge)
  const gone: Sized[] = []
  const counted = new Set<string>()
  let left = storedBytes
  for (const vectors of free) {
    if (parts.isStopped() || (order.untilUnderBytes !== undefined && left <= order.untilUnderBytes)) break
    const one = isDry ? sizeOf(parts.store, vectors, counted) : await forgetOne(parts, vectors, rule)
    if (one === null) continue
    gone.push(one)
    left -= one.bytes
    await parts.pause()
  }
  return {
    storedBytes,
    encodings: gone.length,
    files: gone.reduce((sum, { files }) => sum + files, 0),
    bytes: gone.reduce((sum, { bytes }) => sum + bytes, 0),
    used: asked.filter(({ state }) => state === 'used').length,
    kept: asked.filter(({ state }) => state === 'kept').length,
    rows: toRows(gone),
  }
}

/** Applies the `keep` of all sweeps; answers how many files went. */
export async function forgetRetired(parts: ForgetParts): Promise<{ encodings: number; files: number }> {
  let encodings = 0
  let files = 0
  for (let after: number | null = 0; after !== null && !parts.isStopped(); ) {
    const retired = parts.ledger.retiredEncodings(after)
    after = retired.next
    for (const id of retired.encodings) {
      const { forgotten, freed } = parts.ledger.forget([id], { kind: 'keep' })
      encodings += forgotten.length
      files += (await unlink(parts, freed)).files
    }
    await parts.pause()
  }
  return { encodings, files }
}

async function measure({ store, pause }: ForgetParts): Promise<number> {
  let bytes = 0
  let looked = 0
  for (const digest of store.list()) {
    bytes += store.sizeSync(digest) ?? 0
    looked += 1
    if (looked % SLICE === 0) await pause()
  }
  return bytes
}

async function find({ ledger, wallNow, pause }: ForgetParts, rule: ForgetRule, order: VectorOrder): Promise<StoredVectors[]> {
  const { unusedForMs } = order
  const before = unusedForMs === undefined ? null : new Date(wallNow() - unusedForMs).toISOString()
  const found: StoredVectors[] = []
  for (let after = 0; ; ) {
    const slice = ledger.storedVectors(rule, after)
    const last = slice.at(-1)
    if (last === undefined) return found
    after = last.encoding
    found.push(...slice.filter(({ usedAt }) => before === null || usedAt === null || usedAt <= before))
    await pause()
  }
}

function byAge(a: StoredVectors, b: StoredVectors): number {
  const [left, right] = [a.usedAt ?? '', b.usedAt ?? '']
  return left < right ? -1 : left > right ? 1 : a.encoding - b.encoding
}

/** `counted`: files of encodings before it, which go only once. */
function sizeOf(store: VectorFiles, vectors: StoredVectors, counted: Set<string>): Sized {
  const own = vectors.digests.filter((digest) => !counted.has(digest))
  for (const digest of own) counted.add(digest)
  return { vectors, files: own.length, bytes: own.reduce((sum, digest) => sum + (store.sizeSync(digest) ?? 0), 0) }
}

/** Null where it came into use, or was forgotten, since it was found. */
async function forgetOne(parts: ForgetParts, vectors: StoredVectors, rule: ForgetRule): Promise<Sized | null> {
  const { forgotten, freed } = parts.ledger.forget([vectors.encoding], rule)
  return forgotten.length === 0 ? null : { vectors, ...(await unlink(parts, freed)) }
}

/** Looks at each file again in the transaction that unlinks it: in between somebody may have committed it anew. */
async function unlink(
  { ledger, store, pause }: ForgetParts,
  digests: readonly string[],
): Promise<{ files: number; bytes: number }> {
  let [files, bytes] = [0, 0]
  for (let at = 0; at < digests.length; at += SLICE) {
    files += ledger.deleteGarbage(digests.slice(at, at + SLICE), (digest) => {
      bytes += store.sizeSync(digest) ?? 0
      store.remove(digest)
    }).deleted
    if (at + SLICE < digests.length) await pause()
  }
  return { files, bytes }
}

function toRows(gone: readonly Sized[]): ForgottenRow[] {
  const rows = new Map<string, ForgottenRow>()
  for (const { vectors, files, bytes } of gone) {
    const { model, tasks, side, usedAt } = vectors
    const key = JSON.stringify([model, tasks, side])
    const so = rows.get(key)
    rows.set(key, {
      model,
      tasks,
      side,
      encodings: (so?.encodings ?? 0) + 1,
      files: (so?.files ?? 0) + files,
      bytes: (so?.bytes ?? 0) + bytes,
      usedAt: so === undefined || (usedAt ?? '') > (so.usedAt ?? '') ? usedAt : so.usedAt,
    })
  }
  return [...rows.values()].sort((a, b) => b.bytes - a.bytes)
}
