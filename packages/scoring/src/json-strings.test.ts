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
  it('gives the bytes that JSON.stringify gives, in any order, here and in a copy that shares its memory', () => {
    for (const places of [[], [0], [11], [...strings.keys()], [...strings.keys()].reverse(), [3, 9, 0]]) {
      const wanted = JSON.stringify(places.map((place) => strings[place]))
      for (const own of [json, new JsonStrings(json.shared)]) {
        expect(Buffer.from(own.arrayOf(Uint32Array.from(places))).toString('utf8')).toBe(wanted)
      }
    }
    expect(Buffer.from(new JsonStrings([]).arrayOf(new Uint32Array(0))).toString('utf8')).toBe('[]')
  })
  it('gives the strings back, in well-formed Unicode', () => {
    expect(new JsonStrings(json.shared).strings()).toEqual(strings)
    expect(new JsonStrings([]).strings()).toEqual([])
  })
})
