import { describe, expect, it } from 'vitest'
import { canonicalJson, isDigest, keyOf, sha256 } from './digest.ts'

describe('canonicalJson', () => {
  it('does not depend on the order of members and leaves undefined ones out', () => {
    expect(canonicalJson({ b: 1, a: [{ d: null, c: 'x' }], e: undefined })).toBe('{"a":[{"c":"x","d":null}],"b":1}')
    expect(keyOf({ a: 1, b: 2 })).toBe(keyOf({ b: 2, a: 1 }))
  })

  it('refuses numbers JSON cannot hold', () => {
    expect(() => canonicalJson({ x: Number.NaN })).toThrow(TypeError)
  })
})

describe('digests', () => {
  it('are SHA-256 in hex', () => {
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })

  it('are the only names that may become paths', () => {
    expect(isDigest(sha256(''))).toBe(true)
    for (const name of ['', '../x', sha256('').toUpperCase(), `${sha256('')}/`, `${sha256('')}\n`])
      expect(isDigest(name)).toBe(false)
  })
})
