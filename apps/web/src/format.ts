const UNSAFE_NAME_CHARACTERS = /[\p{Cc}\p{Cf}\u2028\u2029]/gu
const THIN_SPACE = '\u2009'
const MINUS = '−'

/** A number of `digits` decimals, rounded once from full precision, half to even; true minus sign, no signed zero. */
export function fixed(value: number, digits: number): string {
  const exact = Math.abs(value).toFixed(100)
  const cut = exact.indexOf('.') + 1 + digits
  const isTie = /^50*$/.test(exact.slice(cut))
  const kept = exact.slice(0, cut)
  const isEven = Number(kept.at(-1) === '.' ? kept.at(-2) : kept.at(-1)) % 2 === 0
  const shown = isTie && isEven ? kept.replace(/\.$/, '') : Math.abs(value).toFixed(digits)
  return value < 0 && Number(shown) !== 0 ? MINUS + shown : shown
}

/** A count with thin spaces: `5 183`. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, THIN_SPACE)
}

/** A span: `0.81 s`, `9.5 s`, `42 s`, `12 min 30 s`, `1 h 08 min`. */
export function span(seconds: number): string {
  if (seconds < 1) return `${seconds.toFixed(2)} s`
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  const two = (part: number) => String(part).padStart(2, '0')
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`
}

/** Bytes in decimal units, as disks and vendors count: `14.1 GB`. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let scaled = value
  let unit = 0
  while (scaled >= 999.95 && unit < units.length - 1) {
    scaled /= 1000
    unit += 1
  }
  return `${unit === 0 || scaled >= 99.95 ? Math.round(scaled) : scaled.toFixed(1)} ${units[unit]}`
}

/** Control, zero-width and direction characters shown as `‹U+202E›`, never obeyed: names come from files and servers. */
export function visible(name: string): string {
  return name.replace(
    UNSAFE_NAME_CHARACTERS,
    (character) => `‹U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}›`,
  )
}

/** A longer name keeps its last characters, whatever they are. */
const LONG_NAME = 24
const TAIL = 9

/**
 * A name in two parts, to be cut between them: the tail is what tells `Qwen3-Embedding-8B` from `Qwen3-Embedding-0.6B`, so it
 * is never cut. It is the last hyphen part of at most 12 characters, else the last nine of a name of more than 24; '' for others.
 */
export function nameParts(name: string): { readonly head: string; readonly tail: string } {
  const at = name.lastIndexOf('-')
  const isTail = at > 0 && name.length - at <= 12
  if (isTail) return { head: name.slice(0, at), tail: name.slice(at) }
  const characters = [...new Intl.Segmenter().segment(name)].map(({ segment }) => segment)
  if (characters.length <= LONG_NAME) return { head: name, tail: '' }
  return { head: characters.slice(0, -TAIL).join(''), tail: characters.slice(-TAIL).join('') }
}

/** `org/name` in two; a name without a slash has no organisation. */
export function modelParts(model: string): { readonly org: string; readonly name: string } {
  const at = model.lastIndexOf('/')
  return { org: model.slice(0, at + 1), name: model.slice(at + 1) }
}
