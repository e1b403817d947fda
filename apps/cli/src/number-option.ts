import { parseByteSize, parseDuration } from '@sweepboard/planner'
import { InvalidArgumentError } from 'commander'

/** Checks an option that is a TCP port from `least` (0 where any free one will do) to 65535; the text stays as it was given. */
export function portNumber(least: number): (text: string) => string {
  return (text) => {
    if (/^\d+$/.test(text) && Number(text) >= least && Number(text) <= 65_535) return text
    throw new InvalidArgumentError(`It must be a port, ${least} to 65535.`)
  }
}

/** Checks an option that is a whole number from `least` on; the text stays as it was given. Wrong ones are bad usage, exit 2. */
export function wholeNumber(least: number): (text: string) => string {
  return (text) => {
    if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text)) && Number(text) >= least) return text
    throw new InvalidArgumentError(`It must be a whole number, ${least} or more.`)
  }
}

/** Checks an option that is a share, above 0 and below 1. */
export function share(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value > 0 && value < 1) return value
  throw new InvalidArgumentError('It must be a number above 0 and below 1.')
}

/** Reads an option that is a size such as 20GiB, in bytes. */
export function byteSize(text: string): number {
  const bytes = parseByteSize(text)
  if (bytes === null) throw new InvalidArgumentError('It must be a size such as 500MB or 20GiB.')
  return bytes
}

/** Reads an option that is a time such as 45m or 12h, in milliseconds. */
export function duration(text: string): number {
  const ms = parseDuration(text)
  if (ms === null || ms <= 0) throw new InvalidArgumentError('It must be a time such as 90s, 45m or 12h.')
  return ms
}

export const JOB_LIMIT_HELP = 'most time for one chunk or one scoring; beyond it what computes is ended (default 6h)'
