/**
 * A monotonic clock in milliseconds, from 0, on which no two reads are further apart than `mostMs`: where nobody read it for longer (the process was
 * stopped, the machine slept, the loop was held up), the rest of that time did not pass. Beats that came meanwhile wait unread, so nobody was silent.
 */
export function attendedClock(read: () => number, mostMs: number): () => number {
  let last = read()
  let passed = 0
  return () => {
    const now = read()
    passed += Math.min(now - last, mostMs)
    last = now
    return passed
  }
}
