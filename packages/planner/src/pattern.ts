/** A test for a glob (`*`, `?`) over the whole text; a leading `!` negates it. Case matters. */
export function glob(pattern: string): (text: string) => boolean {
  if (pattern.startsWith('!')) {
    const inner = glob(pattern.slice(1))
    return (text) => !inner(text)
  }
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.')
  const regex = new RegExp(`^${source}$`, 'su')
  return (text) => regex.test(text)
}

const BRACES = /\{([^{}]*,[^{}]*)\}/

/** Names that `expandBraces` makes of a text, without making them; a number above `limit` where they are more. */
export function countNames(text: string, limit: number): number {
  let [count, rest] = [1, text]
  for (let found = BRACES.exec(rest); found && count <= limit; found = BRACES.exec(rest)) {
    const choices = (found[1] as string).split(',')
    count *= choices.length
    rest = `${rest.slice(0, found.index)}${choices[0]?.trim()}${rest.slice(found.index + found[0].length)}`
  }
  return count
}

/** `a{b,c}d` -> `abd`, `acd`; several braces multiply, in order; unbalanced braces stay as they are. */
export function expandBraces(text: string): string[] {
  const found = BRACES.exec(text)
  if (!found) return [text]
  const before = text.slice(0, found.index)
  const after = text.slice(found.index + found[0].length)
  return (found[1] as string).split(',').flatMap((choice) => expandBraces(`${before}${choice.trim()}${after}`))
}
