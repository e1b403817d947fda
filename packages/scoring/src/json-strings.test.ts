import { describe, expect, it } from 'vitest'
import { JsonStrings } from './json-strings.ts'

describe('JsonStrings', () => {
  const strings = [
    '',
    'a',
    '"',
    '\\',
    '\\"',
    'a,b',
    '\u2028',
    '\n',
    '\u{1f600}',
    '\ud83d',
    'é',
    'a long one, [with] everything "in" it',
  ]
  const json = new JsonStrings(strings)
  it('gives the strings back, in well-formed Unicode', () => {
    expect(new JsonStrings(json.shared).strings()).toEqual(strings)
    expect(json.size).toBe(strings.length)
    expect(new JsonStrings([]).strings()).toEqual([])
  })
})
