import { createHash } from 'node:crypto'

/** A SHA-256 in lower-case hex, 64 characters. */
export type Digest = string

export function sha256(bytes: Uint8Array | string): Digest {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Whether a text has the form of a digest; anything else must never become part of a path. */
export function isDigest(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text)
}

/**
 * JSON with object keys in code-unit order and `undefined` members left out: equal values give equal text.
 * Throws TypeError on non-finite numbers, which JSON would turn into null without a word.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`not JSON: ${value}`)
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`)
  return `{${members.join(',')}}`
}

/** SHA-256 of the canonical JSON: the form of every key. */
export function keyOf(value: unknown): Digest {
  return sha256(canonicalJson(value))
}
