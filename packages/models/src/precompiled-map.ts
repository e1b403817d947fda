const SEGMENTER = new Intl.Segmenter('en', { granularity: 'grapheme' })
/** Longest grapheme, in UTF-8 bytes, that is looked up whole. */
const WHOLE_BYTES = 5
/** Such texts have one character a grapheme. */
const PLAIN = /^[\x20-\x7e]*$/

/**
 * SentencePiece's precompiled character map (`nmt_nfkc` and its like): a Darts-clone double array over UTF-8 bytes whose
 * values are offsets of NUL-terminated replacements. Applied as the `tokenizers` library does (normalizers/precompiled.rs):
 * a grapheme of at most five bytes whole, else character by character; of the keys that begin it, the shortest counts.
 */
export class PrecompiledMap {
  private readonly units: Uint32Array
  private readonly replacements: Buffer
  private readonly known = new Map<string, string | null>()

  /** @param blob bytes of the trie (uint32 length, uint32 units, little-endian), then the replacements */
  constructor(blob: Buffer) {
    const bytes = blob.readUInt32LE(0)
    this.units = Uint32Array.from({ length: bytes >> 2 }, (_, i) => blob.readUInt32LE(4 + 4 * i))
    this.replacements = blob.subarray(4 + bytes)
  }

  normalize(text: string): string {
    if (PLAIN.test(text)) return this.byCharacter(text)
    let out = ''
    for (const { segment } of SEGMENTER.segment(text)) {
      const whole = Buffer.byteLength(segment) <= WHOLE_BYTES ? this.replacement(segment) : null
      out += whole ?? this.byCharacter(segment)
    }
    return out
  }

  private byCharacter(text: string): string {
    let out = ''
    for (const character of text) out += this.replacement(character) ?? character
    return out
  }

  private replacement(key: string): string | null {
    let found = this.known.get(key)
    if (found === undefined) {
      found = this.lookUp(Buffer.from(key))
      this.known.set(key, found)
    }
    return found
  }

  private lookUp(key: Buffer): string | null {
    let at = offsetOf(this.units[0] ?? 0)
    for (const byte of key) {
      if (byte === 0) return null
      at ^= byte
      const unit = this.units[at] ?? 0
      if ((unit & 0x800000ff) !== byte) return null
      at ^= offsetOf(unit)
      if ((unit >>> 8) & 1) {
        const start = (this.units[at] ?? 0) & 0x7fffffff
        const end = this.replacements.indexOf(0, start)
        return this.replacements.toString('utf8', start, end < 0 ? undefined : end)
      }
    }
    return null
  }
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6)
}
