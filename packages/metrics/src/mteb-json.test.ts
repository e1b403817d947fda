import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { formatMtebJson, formatPythonFloat, type MtebJson } from './mteb-json.ts'
import { parseMtebJson } from './mteb-json-reader.ts'

const published = new URL('../../../../shared/mteb-results/', import.meta.url)
const withoutSpace = (text: string) => text.replace(/\s/g, '')

describe.skipIf(!existsSync(published))('published result files (needs ../shared/mteb-results)', () => {
  it('come out as they went in', () => {
    const names = readdirSync(published, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'))
    let sameBytes = 0
    for (const name of names) {
      const text = readFileSync(new URL(name, published), 'utf8')
      const written = formatMtebJson(parseMtebJson(text, { integers: 'bigint' }))
      if (written === text.trimEnd()) sameBytes++
      // Files indented otherwise must still agree in every character that is not white space.
      else if (withoutSpace(written) !== withoutSpace(text)) expect(written, name).toBe(text)
    }
    expect([names.length, sameBytes]).toEqual([4529, 4427])
  })
})

describe('formatMtebJson', () => {
  it('writes as json.dump(indent=2) does', () => {
    const value: MtebJson = {
      text: 'é"\\/\n\u0001\u007f\u{1f600}',
      float: 1,
      int: 1n,
      tokens: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
      none: null,
      flag: true,
      empty: { list: [], object: {} },
      ordered: new Map([
        ['10', 0],
        ['9', -0],
      ]),
    }
    // Made with Python 3.11: json.dumps({...}, indent=2)
    expect(formatMtebJson(value)).toBe(`{
  "text": "\\u00e9\\"\\\\/\\n\\u0001\\u007f\\ud83d\\ude00",
  "float": 1.0,
  "int": 1,
  "tokens": [
    NaN,
    Infinity,
    -Infinity
  ],
  "none": null,
  "flag": true,
  "empty": {
    "list": [],
    "object": {}
  },
  "ordered": {
    "10": 0.0,
    "9": -0.0
  }
}`)
  })

  it('refuses what JSON has no word for', () => {
    expect(() => formatMtebJson({ score: undefined } as unknown as MtebJson)).toThrow(
      new TypeError('a result file cannot hold a value of type undefined'),
    )
  })
})

describe('formatPythonFloat', () => {
  it.each([
    [0, '0.0'],
    [-0, '-0.0'],
    [1e-5, '1e-05'],
    [-1.25e-7, '-1.25e-07'],
    [0.0001, '0.0001'],
    [0.00012345, '0.00012345'],
    [0.68736, '0.68736'],
    [100, '100.0'],
    [123456.789, '123456.789'],
    [9007199254740992, '9007199254740992.0'],
    [1e16, '1e+16'],
    [1.5e22, '1.5e+22'],
    [5e-324, '5e-324'],
    [1.7976931348623157e308, '1.7976931348623157e+308'],
  ])('writes %d as %s', (x, expected) => expect(formatPythonFloat(x)).toBe(expected))
})

describe('parseMtebJson', () => {
  it('accepts bare tokens, and strings that look like them', () => {
    const parsed = parseMtebJson(
      ' {"a":[NaN, Infinity,-Infinity ],"NaN":"NaN \\u00e9\\n","b":-0.5e1,"c":{},"d":[],"e":[null,true,false,12]} ',
    )
    const rest = { NaN: 'NaN é\n', b: -5, c: {}, d: [], e: [null, true, false, 12] }
    expect(parsed).toEqual({ a: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], ...rest })
  })

  it('keeps integers apart on request', () => {
    expect(parseMtebJson('[1, 1.0, 1e2, -12345678901234567890]', { integers: 'bigint' })).toEqual([
      1n,
      1,
      100,
      -12345678901234567890n,
    ])
  })

  it('takes the last of equal keys and leaves prototypes alone', () => {
    const parsed = parseMtebJson('{"a": 1, "a": 2, "__proto__": {"polluted": true}}') as Record<string, MtebJson>
    expect(Object.entries(parsed)).toEqual([
      ['a', 2],
      ['__proto__', { polluted: true }],
    ])
    expect(parsed.polluted).toBeUndefined()
  })

  it.each([
    ['', 'line 1, column 1: expected a value'],
    ['{"a": 1,\n "b" 2}', 'line 2, column 6: expected ":"'],
    ['[1, 2', 'line 1, column 6: expected "," or "]"'],
    ['[1,]', 'line 1, column 4: expected a value'],
    ['{"a": nan}', 'line 1, column 7: expected a value'],
    ['{} {}', 'line 1, column 4: expected the end of the file'],
    ['"line\nbreak"', 'line 1, column 1: expected a string'],
    ['{a: 1}', 'line 1, column 2: expected a string'],
    ['01', 'line 1, column 2: expected the end of the file'],
    ['['.repeat(2000), 'line 1, column 1002: expected at most 1000 nested values'],
  ])('refuses %j', (text, message) => expect(() => parseMtebJson(text)).toThrow(new SyntaxError(message)))
})
