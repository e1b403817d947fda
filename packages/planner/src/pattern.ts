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

/** `a{b,c}d` -> `abd`, `acd`; several braces multiply, in order; unbalanced braces stay as they are. */
export function expandBraces(text: string): string[] {
  const found = /\{([^{}]*,[^{}]*)\}/.exec(text)
  if (!found) return [text]
  const before = text.slice(0, found.index)
  const after = text.slice(found.index + found[0].length)
  return (found[1] as string).split(',').flatMap((choice) => expandBraces(`${before}${choice.trim()}${after}`))
}
