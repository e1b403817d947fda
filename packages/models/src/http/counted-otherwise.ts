/** Of how many tokens a run of inputs is: by the server, null where it does not tell or refuses them; and by us. */
export interface Counting {
  readonly server: (start: number, end: number) => Promise<number | null>
  readonly own: (start: number, end: number) => number
}

/** The input that two count otherwise, with both counts. */
export interface CountedOtherwise {
  readonly at: number
  readonly found: number
  readonly wanted: number
}

/**
 * Which of `count` inputs, whose sum two count otherwise, is one that differs: the first by halving, at most log2(count) + 2 requests. It must
 * differ alone as well. Null where none does (the server adds something to a request, or counts by chance) or the server does not tell.
 */
export async function countedOtherwise(count: number, { server, own }: Counting): Promise<CountedOtherwise | null> {
  let low = 0
  let high = count
  while (high - low > 1) {
    const middle = (low + high) >> 1
    const found = await server(low, middle)
    if (found === null) return null
    if (found === own(low, middle)) low = middle
    else high = middle
  }
  const found = await server(low, high)
  const wanted = own(low, high)
  return found === null || found === wanted ? null : { at: low, found, wanted }
}

const SHOWN_CHARACTERS = 60

/** The beginning of a text for a message, in quotes: what does not print, or turns the line around, is escaped. */
export function quotedStart(text: string): string {
  const characters = [...text.slice(0, SHOWN_CHARACTERS * 2)]
  const start = characters.slice(0, SHOWN_CHARACTERS).join('')
  const shown = JSON.stringify(start).replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
  return start.length < text.length ? `${shown}...` : shown
}
