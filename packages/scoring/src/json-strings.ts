const [QUOTE, BACKSLASH, COMMA, OPEN, CLOSE] = Buffer.from('"\\,[]', 'utf8') as unknown as [
  number,
  number,
  number,
  number,
  number,
]
/** Bytes copied at once, of which some may lie beyond what is wanted. */
const COPIED = 4

/** Strings as JSON once, for arrays of many of them in ever other orders. */
export class JsonStrings {
  /** All strings in UTF-8, each quoted and with a comma after it. */
  private readonly bytes: DataView
  /** String i is the bytes from `ends[i]` to before `ends[i + 1]`. */
  private readonly ends: Uint32Array

  constructor(strings: readonly string[]) {
    const json = Buffer.from(JSON.stringify(strings), 'utf8')
    const bytes = new Uint8Array(json.length + COPIED)
    bytes.set(json.subarray(1, -1)) // without the brackets
    this.ends = new Uint32Array(strings.length + 1)
    let at = 0
    for (let i = 0; i < strings.length; i++) {
      for (at++; bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++
      bytes[at + 1] = COMMA
      at += 2
      this.ends[i + 1] = at
    }
    this.bytes = new DataView(bytes.buffer)
  }

  /** The strings at `places` as a JSON array. */
  arrayOf(places: Uint32Array): Uint8Array {
    const { bytes, ends } = this
    let length = 0
    for (let i = 0; i < places.length; i++) length += sizeAt(ends, places[i] as number)
    const out = new Uint8Array(length + 2 + COPIED)
    const view = new DataView(out.buffer)
    let to = 1
    for (let i = 0; i < places.length; i++) {
      const place = places[i] as number
      const from = ends[place] as number
      const size = sizeAt(ends, place)
      for (let done = 0; done < size; done += COPIED) view.setUint32(to + done, bytes.getUint32(from + done))
      to += size
    }
    out[0] = OPEN
    const end = Math.max(1, to - 1) // the last comma makes room
    out[end] = CLOSE
    return out.subarray(0, end + 1)
  }
}

function sizeAt(ends: Uint32Array, place: number): number {
  return (ends[place + 1] as number) - (ends[place] as number)
}
