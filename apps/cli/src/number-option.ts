import { InvalidArgumentError } from 'commander'

/** Checks an option that is a whole number from `least` on; the text stays as it was given. Wrong ones are bad usage, exit 2. */
export function wholeNumber(least: number): (text: string) => string {
  return (text) => {
    if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text)) && Number(text) >= least) return text
    throw new InvalidArgumentError(`It must be a whole number, ${least} or more.`)
  }
}
