import type { Cleaning } from '@sweepboard/contracts'

/** Python's `str.isspace`: Unicode white space and the four separators U+001C to U+001F; not U+FEFF, as JavaScript has it. */
const SPACE = '\\p{White_Space}\\u001c-\\u001f'
const SPACES = new RegExp(`[${SPACE}]+`, 'gu')
const REPEATED_MARK = /([!-/:-@[-`{-~])\1+/g

const STEPS: Readonly<Record<Cleaning, (text: string) => string>> = {
  nfkc: (text) => text.normalize('NFKC'),
  whitespace: (text) => text.replace(SPACES, ' ').replace(/^ /, '').replace(/ $/, ''),
  punctuation: (text) => text.replace(REPEATED_MARK, '$1'),
}

/** What a recipe does to a text before its template: its steps in their order. */
export function textCleaner(steps: readonly Cleaning[] | undefined): (text: string) => string {
  if (steps === undefined) return (text) => text
  return (text) => steps.reduce((cleaned, step) => STEPS[step](cleaned), text)
}
