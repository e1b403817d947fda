/** Levenshtein distance in UTF-16 code units, Infinity as soon as it must exceed `limit`. */
export function editDistance(a: string, b: string, limit = Number.POSITIVE_INFINITY): number {
  if (Math.abs(a.length - b.length) > limit) return Number.POSITIVE_INFINITY
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(replaced, (previous[j] as number) + 1, (row[j - 1] as number) + 1))
    }
    if (Math.min(...row) > limit) return Number.POSITIVE_INFINITY
    previous = row
  }
  const distance = previous[b.length] as number
  return distance > limit ? Number.POSITIVE_INFINITY : distance
}

/**
 * The name nearest to a mistyped one, or null when none is near: at most a third of its letters may differ (at least 2).
 * Case is ignored first, so `scifact` finds `SciFact`; the earlier of two equally near names wins.
 */
export function closest(name: string, names: Iterable<string>): string | null {
  const wanted = name.toLowerCase()
  let limit = Math.max(2, Math.floor(name.length / 3))
  let best: string | null = null
  for (const candidate of names) {
    const distance = editDistance(wanted, candidate.toLowerCase(), limit)
    if (distance > limit) continue
    best = candidate
    limit = distance - 1
    if (limit < 0) break
  }
  return best
}
