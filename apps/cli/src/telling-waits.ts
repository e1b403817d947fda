import type { RunLog } from './run-log.ts'

/** A log that also tells, once for each cause, what server, engine or disk a run waits for: else it would only stand still. */
export function tellingWaits(write: RunLog['write'], tell: (text: string) => void): RunLog['write'] {
  const told = new Set<string>()
  return (entry) => {
    write(entry)
    const text = waitOf(entry)
    if (text === null || told.has(text)) return
    told.add(text)
    tell(`note: waiting, and asking again: ${text}`)
  }
}

/** What an entry says a run waits for; null where it says no such thing. */
function waitOf({ event, forGood, message, folder, error }: Parameters<RunLog['write']>[0]): string | null {
  if (event === 'engine-busy' || (event === 'lane-closed' && forGood === false)) return String(message)
  if (event === 'disk-full') return `the disk with ${folder} takes no more: make room, \`sweepboard gc\` says how much it can`
  // A ledger that cannot be written, most of all: nothing is handed out until it can.
  return message === 'tick failed' ? String(error).replace(/^\w*Error: /, '') : null
}
