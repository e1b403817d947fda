import { displayWidth, isPlain } from './display-width.ts'

/**
 * Names cut in their middle to `width` columns, so that both what they begin and what they end with stays. Names that read alike then are
 * cut elsewhere, so that the part in which they differ stays, as far as that can be.
 */
export function cutNames(names: readonly string[], width: number): string[] {
  const cuts = names.map((name) => cutMiddle(name, width))
  for (const alike of alikeBut(names, cuts)) {
    const members = [...new Set(alike.map((i) => names[i] as string))]
    const better = distinctCut(members, width)
    if (better) for (const i of alike) cuts[i] = better[members.indexOf(names[i] as string)] as string
  }
  return cuts
}

/** The first way to cut them by which all read differently. */
function distinctCut(names: readonly string[], width: number): string[] | undefined {
  for (const shown of cutWays(names, width)) if (new Set(shown).size === names.length) return shown
  return undefined
}

/** The least width of at least `min` at which names that differ can be told apart. */
export function leastWidth(names: readonly string[], min: number): number {
  const longest = Math.max(0, ...names.map(displayWidth))
  for (let width = min; width < longest; width += 1) if (alikeBut(names, cutNames(names, width)).length === 0) return width
  return Math.max(min, longest)
}

/** Places of names that differ, of which the same is shown. */
function alikeBut(names: readonly string[], shown: readonly string[]): number[][] {
  const groups = Map.groupBy(shown.keys(), (i) => shown[i] as string).values()
  return [...groups].filter((group) => group.some((i) => names[i] !== names[group[0] as number]))
}

/** The last hyphen part stays whole where it is short (`-0.6B`), else a third of the width. */
function cutMiddle(name: string, width: number): string {
  if (displayWidth(name) <= width) return name
  const part = displayWidth(name.slice(Math.max(0, name.lastIndexOf('-'))))
  const tail = part >= width / 4 && part <= width / 2 ? part : Math.ceil((width - 1) / 3)
  return cutAt(name, width, tail)
}

/** Cut so that the last `tail` columns stay. */
function cutAt(name: string, width: number, tail: number): string {
  return displayWidth(name) <= width ? name : `${head(name, width - 1 - tail)}…${last(name, tail)}`
}

/** Other cuts of names: with a longer or shorter end, then with what follows their common beginning in the middle. */
function* cutWays(names: readonly string[], width: number): Generator<string[]> {
  for (let tail = 0; tail < width; tail += 1) yield names.map((name) => cutAt(name, width, tail))
  const common = commonBeginning(names)
  for (let before = Math.floor(width / 3); before >= 0; before -= 1) {
    const room = width - before - 2
    yield names.map((name) => {
      const [start, rest] = [head(name, before), name.slice(common)]
      return displayWidth(rest) <= room + 1 ? `${start}…${rest}` : `${start}…${head(rest, room)}…`
    })
  }
}

function commonBeginning([first = '', ...others]: readonly string[]): number {
  let length = 0
  for (const char of first) {
    if (!others.every((other) => other.startsWith(char, length))) break
    length += char.length
  }
  return length
}

/** The first characters of a text that take at most `width` columns. */
function head(text: string, width: number): string {
  if (isPlain(text)) return text.slice(0, Math.max(0, width))
  let cut = ''
  let used = 0
  for (const char of text) {
    used += displayWidth(char)
    if (used > width) break
    cut += char
  }
  return cut
}

/** The last characters of a text that take at most `width` columns. */
function last(text: string, width: number): string {
  if (isPlain(text)) return width <= 0 ? '' : text.slice(-width)
  let cut = ''
  let used = 0
  for (const char of [...text].reverse()) {
    used += displayWidth(char)
    if (used > width) break
    cut = char + cut
  }
  return cut
}
