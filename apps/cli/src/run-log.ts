import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** Structured log of a process: NDJSON lines in `<data>/logs/<pid>.ndjson`. Lines are lost, and nothing else, on a full disk. */
export function openRunLog(folder: string): { write: (entry: Readonly<Record<string, unknown>>) => void; close: () => void } {
  mkdirSync(join(folder, 'logs'), { recursive: true })
  const stream = createWriteStream(join(folder, 'logs', `${process.pid}.ndjson`), { flags: 'a' })
  // Without a listener the first line that does not fit would end the process. A stream that failed drops what follows.
  stream.on('error', () => undefined)
  return {
    write: (entry) => void stream.write(`${JSON.stringify({ at: new Date().toISOString(), ...entry })}\n`),
    close: () => stream.end(),
  }
}
