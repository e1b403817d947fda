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
  it('gives the bytes that JSON.stringify gives, in any order and repeated', () => {
    for (const places of [[], [0], [11], [...strings.keys()], [...strings.keys()].reverse(), [3, 3, 9, 0, 0]]) {
      const wanted = JSON.stringify(places.map((place) => strings[place]))
      expect(Buffer.from(json.arrayOf(Uint32Array.from(places))).toString('utf8')).toBe(wanted)
    }
    expect(Buffer.from(new JsonStrings([]).arrayOf(new Uint32Array(0))).toString('utf8')).toBe('[]')
  })
})
