import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { SweepError } from '@sweepboard/contracts'

/** Writes a file whole or not at all: aside first, then renamed. Throws `SB-FILE-007`. */
export function writeWhole(file: string, content: string): void {
  const aside = `${file}.${process.pid}.tmp`
  try {
    writeFileSync(aside, content)
    renameSync(aside, file)
  } catch (cause) {
    rmSync(aside, { force: true })
    throw new SweepError('SB-FILE-007', { file, message: (cause as Error).message }, { cause })
  }
}
