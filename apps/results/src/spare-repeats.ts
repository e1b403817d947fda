/** Least time between two entries of the same failure. */
const EVERY_MS = 30_000

type Entry = Readonly<Record<string, unknown>>

/**
 * A log that says an error which repeats word by word at once, and then at most once in 30 s, with `times`: how often it came since it was
 * last said, this time included. Another error is said at once, and what is no error always. `now` is in monotonic milliseconds.
 */
export function spareRepeats(write: (entry: Entry) => void, now = () => performance.now()): (entry: Entry) => void {
  const said = new Map<string, { readonly at: number; unsaid: number }>()
  return (entry) => {
    if (entry.level !== 'error') return write(entry)
    const text = JSON.stringify([entry.message, entry.error])
    const time = now()
    const last = said.get(text)
    if (last && time - last.at < EVERY_MS) {
      last.unsaid += 1
      return
    }
    for (const [other, { at }] of said) if (time - at >= EVERY_MS) said.delete(other)
    said.set(text, { at: time, unsaid: 0 })
    write(last && last.unsaid > 0 ? { ...entry, times: last.unsaid + 1 } : entry)
  }
}
