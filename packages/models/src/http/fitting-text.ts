import type { TokenizedText } from '../text-tokenizer.ts'

/**
 * How far around the beginning found one with exactly the wanted tokens is looked for, in characters: half a word may have more
 * tokens than the whole one, so the count does not grow evenly.
 */
const LOOK_AROUND = 48

/**
 * The longest beginning of a text that `read` does not cut, for servers that take no token ids. Where one of nearly that length
 * gives exactly the tokens of the cut text, that one is taken. Never ends in half a character.
 */
export function fittingText(text: string, read: (text: string) => TokenizedText): string {
  const wanted = read(text)
  if (!wanted.isTruncated) return text
  let fits = 0
  let cut = text.length
  while (cut - fits > 1) {
    const middle = (fits + cut) >> 1
    if (read(text.slice(0, middle)).isTruncated) cut = middle
    else fits = middle
  }
  const longest = wholeCharacters(text, fits)
  for (let end = Math.min(text.length - 1, longest + LOOK_AROUND); end > Math.max(0, longest - LOOK_AROUND); end -= 1) {
    if (wholeCharacters(text, end) !== end) continue
    const { ids, isTruncated } = read(text.slice(0, end))
    if (!isTruncated && ids.length === wanted.ids.length && ids.every((id, i) => id === wanted.ids[i])) return text.slice(0, end)
  }
  return text.slice(0, longest)
}

/** `end`, or one less where it would part a surrogate pair. */
function wholeCharacters(text: string, end: number): number {
  const last = text.charCodeAt(end - 1)
  return end > 0 && last >= 0xd800 && last <= 0xdbff ? end - 1 : end
}
