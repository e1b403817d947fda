/**
 * One Ctrl-C can arrive several times: the terminal sends it to every process in the foreground, and each wrapper above us (npm, a
 * bin that handed over to the pinned Node) passes it on once more.
 */
const SAME_PRESS_MS = 500

/**
 * Calls `first` at the first SIGINT or SIGTERM. A second press ends the process at once with 130, also while it tidies up; copies of the
 * first one do not count.
 */
export function onInterrupt(first: (signal: NodeJS.Signals) => void): void {
  let pressedAt: number | null = null
  const hear = (signal: NodeJS.Signals) => {
    if (pressedAt === null) {
      pressedAt = performance.now()
      first(signal)
    } else if (performance.now() - pressedAt > SAME_PRESS_MS) process.exit(130)
  }
  process.on('SIGINT', hear)
  process.on('SIGTERM', hear)
}

/** Resolves at the first SIGINT or SIGTERM; a second press ends the process at once. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise(onInterrupt)
}
