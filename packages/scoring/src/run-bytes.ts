/** Grows as it is written; numbers are LEB128 varints of 32 bits without sign. */
export class ByteWriter {
  private bytes: Uint8Array<ArrayBuffer>
  private view: DataView
  private at = 0

  constructor(room: number) {
    this.bytes = new Uint8Array(room)
    this.view = new DataView(this.bytes.buffer)
  }

  /** Starts over, with room for so many bytes at least. What was written before is overwritten. */
  clear(room: number): void {
    this.at = 0
    if (room > this.bytes.length) this.grow(room)
  }

  varint(value: number): void {
    this.varints(Uint32Array.of(value))
  }

  /** The first `count` of them. */
  varints(values: Uint32Array, count = values.length): void {
    const room = 5 * count + 4
    if (this.at + room > this.bytes.length) this.grow(room)
    const { view } = this
    let at = this.at
    for (let i = 0; i < count; i++) {
      let rest = values[i] as number
      for (; rest >= 2 ** 28; rest >>>= 7) view.setUint8(at++, (rest & 0x7f) | 0x80)
      // up to four bytes at once, without a branch to guess: one more for each limit that the number reaches
      const more = ((0x7f - rest) >>> 31) + ((0x3fff - rest) >>> 31) + ((0x1f_ffff - rest) >>> 31)
      const groups = (rest & 0x7f) | ((rest & 0x3f80) << 1) | ((rest & 0x1f_c000) << 2) | ((rest & 0xfe0_0000) << 3)
      view.setUint32(at, groups | (0x80_8080 & ((1 << (8 * more)) - 1)), true)
      at += 1 + more
    }
    this.at = at
  }

  put(bytes: Uint8Array): void {
    if (this.at + bytes.length > this.bytes.length) this.grow(bytes.length)
    this.bytes.set(bytes, this.at)
    this.at += bytes.length
  }

  written(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.at)
  }

  private grow(by: number): void {
    const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.at + by))
    larger.set(this.written())
    this.bytes = larger
    this.view = new DataView(larger.buffer)
  }
}

/** Reads what `ByteWriter` wrote. Throws `RangeError` at the end of the bytes and on a varint of more than 32 bits. */
export class ByteReader {
  private readonly bytes: Uint8Array
  private at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  get left(): number {
    return this.bytes.length - this.at
  }

  varint(): number {
    let value = 0
    for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
      const byte = this.bytes[this.at++]
      if (byte === undefined) throw new RangeError('the bytes end early')
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return inRange(value)
    }
    throw new RangeError('a number is too long')
  }

  take(count: number): Uint8Array {
    if (count > this.left) throw new RangeError('the bytes end early')
    this.at += count
    return this.bytes.subarray(this.at - count, this.at)
  }
}

function inRange(value: number): number {
  if (value >= 2 ** 32) throw new RangeError('a number is too large')
  return value
}
