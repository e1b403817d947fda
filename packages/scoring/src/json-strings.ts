const [QUOTE, BACKSLASH, COMMA] = Buffer.from('"\\,', 'utf8') as unknown as [number, number, number]
/** What `JsonStrings` are made of, in memory that threads share. */
export interface SharedStrings {
  /** All strings in UTF-8, each quoted and with a comma after it. */
  readonly bytes: Uint8Array
  /** String i is the bytes from `ends[i]` to before `ends[i + 1]`. */
  readonly ends: Uint32Array
}

/** Strings as JSON once, for arrays of many of them in ever other orders (`RunBody`). */
export class JsonStrings {
  readonly shared: SharedStrings

  constructor(strings: readonly string[] | SharedStrings) {
    this.shared = 'ends' in strings ? strings : sharedStrings(strings)
  }

  get size(): number {
    return this.shared.ends.length - 1
  }

  /** The strings themselves, made anew. */
  strings(): string[] {
    const { bytes, ends } = this.shared
    return JSON.parse(`[${Buffer.from(bytes.slice(0, Math.max(0, (ends.at(-1) as number) - 1))).toString('utf8')}]`)
  }
}

function sharedStrings(strings: readonly string[]): SharedStrings {
  const json = Buffer.from(JSON.stringify(strings), 'utf8')
  const bytes = new Uint8Array(new SharedArrayBuffer(json.length))
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
