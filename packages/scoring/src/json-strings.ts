const [QUOTE, BACKSLASH, COMMA, OPEN, CLOSE] = Buffer.from('"\\,[]', 'utf8') as unknown as [
  number,
  number,
  number,
  number,
  number,
]
/** Bytes copied at once, of which some may lie beyond what is wanted. */
const COPIED = 4

/** What `JsonStrings` are made of, in memory that threads share. */
export interface SharedStrings {
  /** All strings in UTF-8, each quoted and with a comma after it; some bytes more than that. */
  readonly bytes: Uint8Array
  /** String i is the bytes from `ends[i]` to before `ends[i + 1]`. */
  readonly ends: Uint32Array
}

/** Strings as JSON once, for arrays of many of them in ever other orders. */
export class JsonStrings {
  readonly shared: SharedStrings
  private readonly bytes: DataView
  private readonly ends: Uint32Array

  constructor(strings: readonly string[] | SharedStrings) {
    this.shared = 'ends' in strings ? strings : sharedStrings(strings)
    const { bytes, ends } = this.shared
    this.bytes = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.ends = ends
  }

  get size(): number {
    return this.ends.length - 1
  }

  /** The strings themselves, made anew. */
  strings(): string[] {
    const { bytes } = this.shared
    return JSON.parse(`[${Buffer.from(bytes.slice(0, Math.max(0, (this.ends.at(-1) as number) - 1))).toString('utf8')}]`)
  }

  /** The strings at `places`, none twice, as a JSON array; in `room`, which has at least `mostBytes`, or in new memory. */
  arrayOf(places: Uint32Array, room = new Uint8Array(this.mostBytes)): Uint8Array {
    const { bytes, ends } = this
    const view = new DataView(room.buffer, room.byteOffset)
    let to = 1
    for (let i = 0; i < places.length; i++) {
      const place = places[i] as number
      const from = ends[place] as number
      const size = (ends[place + 1] as number) - from
      for (let done = 0; done < size; done += COPIED) view.setUint32(to + done, bytes.getUint32(from + done, true), true)
      to += size
    }
    room[0] = OPEN
    const end = Math.max(1, to - 1) // the last comma makes room
    room[end] = CLOSE
    return room.subarray(0, end + 1)
  }

  /** Bytes that an array of the strings may take while it is made. */
  get mostBytes(): number {
    return this.shared.bytes.length + 2 + COPIED
  }
}

function sharedStrings(strings: readonly string[]): SharedStrings {
  const json = Buffer.from(JSON.stringify(strings), 'utf8')
  const bytes = new Uint8Array(new SharedArrayBuffer(json.length + COPIED))
  bytes.set(json.subarray(1, -1)) // without the brackets
  const ends = new Uint32Array(new SharedArrayBuffer(4 * strings.length + 4))
  let at = 0
  for (let i = 0; i < strings.length; i++) {
    for (at++; bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++
    bytes[at + 1] = COMMA
    at += 2
    ends[i + 1] = at
  }
  return { bytes, ends }
}
