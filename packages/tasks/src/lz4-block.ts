/**
 * Unpacks one LZ4 block, which Parquet calls `LZ4_RAW`: sequences of literals and of matches that copy what was written before
 * (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md). Node has no LZ4 of its own.
 * @param size bytes that must come out
 * @throws Error for a block that is damaged: a match before the beginning, or another length
 */
export function unpackLz4Block(packed: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size)
  let [from, to] = [0, 0]
  /** A length of 15 goes on in further bytes, the last of which is below 255. */
  const lengthOf = (start: number): number => {
    let length = start
    for (let more = start === 15 ? 255 : 0; more === 255; length += more) {
      more = packed[from++] ?? fail('it ends early')
    }
    return length
  }
  while (from < packed.length) {
    const token = packed[from++] as number
    const literals = lengthOf(token >> 4)
    if (from + literals > packed.length || to + literals > size) fail('its literals are longer than the block')
    out.set(packed.subarray(from, from + literals), to)
    from += literals
    to += literals
    if (from === packed.length) break
    const distance = (packed[from] as number) | ((packed[from + 1] ?? fail('it ends early')) << 8)
    from += 2
    const length = lengthOf(token & 15) + 4
    if (distance === 0 || distance > to || to + length > size) fail('a match lies outside of the block')
    // Byte by byte: a match may reach into what it writes.
    for (const end = to + length; to < end; to += 1) out[to] = out[to - distance] as number
  }
  if (to !== size) fail(`it holds ${to} bytes, not ${size}`)
  return out
}

function fail(message: string): never {
  throw new Error(`LZ4: ${message}`)
}
