import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from './run-bytes.ts'

/** LEB128, a byte at a time. */
function plain(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...plain(value >>> 7)]
}

describe('ByteWriter', () => {
  it('writes numbers of every length as LEB128, however little room it began with', () => {
    const ends = Array.from({ length: 32 }, (_, bit) => [2 ** bit - 1, 2 ** bit, 2 ** bit + 1]).flat()
    const values = Uint32Array.from([...ends, 2 ** 32 - 1])
    const writer = new ByteWriter(1)
    writer.varints(values)
    writer.put(Uint8Array.of(9))
    writer.varint(300)
    const written = writer.written()
    expect([...written]).toEqual([...Array.from(values).flatMap(plain), 9, ...plain(300)])
    const reader = new ByteReader(written)
    expect(Array.from(values, () => reader.varint())).toEqual([...values])
  })
})
