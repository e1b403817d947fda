import { describe, expect, it } from 'vitest'
import { documentText } from './document-text.ts'
import { pythonStrip } from './python-strip.ts'

// CPython 3: [c for c in range(0x110000) if chr(c).strip() == '']
const PYTHON_STRIPS = new Set([
  0x9, 0xa, 0xb, 0xc, 0xd, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x85, 0xa0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005,
  0x2006, 0x2007, 0x2008, 0x2009, 0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000,
])

describe('pythonStrip', () => {
  it('strips, on both sides, exactly the code points CPython strips', () => {
    const wrong: string[] = []
    for (let code = 0; code <= 0x10ffff; code++) {
      const character = String.fromCodePoint(code)
      const expected = PYTHON_STRIPS.has(code) ? 'x' : `${character}x${character}`
      if (pythonStrip(`${character}x${character}`) !== expected) wrong.push(code.toString(16))
    }
    expect(wrong).toEqual([])
  })

  it('differs from trim both ways', () => {
    expect('\ufeffx\u0085\u001c'.trim()).toBe('x\u0085\u001c')
    expect(pythonStrip('\ufeffx\u0085\u001c')).toBe('\ufeffx')
  })

  it('leaves white space inside, empties white space, and is linear in it', () => {
    expect(pythonStrip(' a \u3000 b\n')).toBe('a \u3000 b')
    expect(pythonStrip(' \t\u3000')).toBe('')
    expect(pythonStrip(`${' '.repeat(1 << 20)}x${' '.repeat(1 << 20)}x`)).toHaveLength((1 << 20) + 2)
  })
})

describe('documentText', () => {
  it.each([
    [undefined, ' text ', 'text'],
    ['', ' text ', 'text'],
    ['Title', 'text\n', 'Title text'],
    ['Title', '', 'Title'],
    [' ', 'text', 'text'],
    [undefined, '\u0085', ''],
  ])('joins title %j and text %j to %j', (title, text, joined) => {
    expect(documentText(title, text)).toBe(joined)
  })
})
