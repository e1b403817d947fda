import { describe, expect, it } from 'vitest'
import { sha256 } from './digest.ts'
import { chunkBounds, readTextSet, textSetDigest, writeTextSet } from './text-set.ts'

const lengths = (texts: readonly string[]) => texts.map((text) => Buffer.byteLength(text))

describe('text sets', () => {
  it('read back what was written, empty and astral texts and a BOM included', () => {
    const texts = ['', 'a', '你好', '\u{20000}𠮷', '\ufeffbom', 'x'.repeat(100_000)]
    expect(readTextSet(writeTextSet(texts))).toEqual(texts)
  })

  it('are named by the SHA-256 of their bytes, which tells where one text ends', () => {
    expect(textSetDigest(['ab', 'c'])).toBe(sha256(writeTextSet(['ab', 'c'])))
    expect(textSetDigest(['ab', 'c'])).not.toBe(textSetDigest(['a', 'bc']))
  })

  it('refuse bytes that are cut or no text set', () => {
    const bytes = writeTextSet(['hello', 'world'])
    expect(() => readTextSet(bytes.subarray(0, bytes.length - 1))).toThrow('SB-ART-002')
    expect(() => readTextSet(new Uint8Array(40))).toThrow('SB-ART-002')
  })
})

describe('chunkBounds', () => {
  it('closes at 1,024 texts', () => {
    expect(chunkBounds(new Array(2049).fill(1))).toEqual([
      { n: 0, start: 0, end: 1024 },
      { n: 1, start: 1024, end: 2048 },
      { n: 2, start: 2048, end: 2049 },
    ])
  })

  it('closes before the text that would exceed 256 KiB, and holds at least one text', () => {
    const kib = 1024
    expect(chunkBounds([200 * kib, 56 * kib, 1, 300 * kib, 300 * kib])).toEqual([
      { n: 0, start: 0, end: 2 },
      { n: 1, start: 2, end: 3 },
      { n: 2, start: 3, end: 4 },
      { n: 3, start: 4, end: 5 },
    ])
  })

  it('has no chunk for no text', () => {
    expect(chunkBounds(lengths([]))).toEqual([])
  })
})
