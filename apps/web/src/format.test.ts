import { describe, expect, it } from 'vitest'
import { bytes, count, fixed, modelParts, nameParts, span, visible } from './format.ts'

describe('numbers', () => {
  it('rounds once, half to even on exact ties', () => {
    expect(fixed(0.125, 2)).toBe('0.12')
    expect(fixed(0.375, 2)).toBe('0.38')
    expect(fixed(2.5, 0)).toBe('2')
    // The double nearest 0.74605 lies below it: rounding twice would give 0.7461.
    expect(fixed(0.74605 - 1e-6, 4)).toBe('0.7460')
    expect(fixed(0.70198, 4)).toBe('0.7020')
  })
  it('has a true minus sign and no signed zero', () => {
    expect(fixed(-0.0193, 4)).toBe('−0.0193')
    expect(fixed(-0.00001, 3)).toBe('0.000')
  })
  it('writes counts, spans and bytes', () => {
    expect(count(5183)).toBe('5\u2009183')
    expect(count(999)).toBe('999')
    expect(count(1234567)).toBe('1\u2009234\u2009567')
    expect([0.81, 9.96, 59.6, 750, 4080].map(span)).toEqual(['0.81 s', '10 s', '1 min 00 s', '12 min 30 s', '1 h 08 min'])
    expect([512, 14.1e9, 999_960].map(bytes)).toEqual(['512 B', '14.1 GB', '1.0 MB'])
  })
})

describe('names', () => {
  it('shows characters that would change how a name reads', () => {
    expect(visible('evil/\u202egnp.exe')).toBe('evil/‹U+202E›gnp.exe')
    expect(visible('a\u0000b\u200bc\ufeff\n')).toBe('a‹U+0000›b‹U+200B›c‹U+FEFF›‹U+000A›')
    expect(visible('<img onerror=x> 中文')).toBe('<img onerror=x> 中文')
  })
  it('keeps the size suffix apart, so that it is never cut', () => {
    expect(nameParts('Qwen3-Embedding-0.6B')).toEqual({ head: 'Qwen3-Embedding', tail: '-0.6B' })
    expect(nameParts(`a-${'x'.repeat(300)}`)).toEqual({ head: `a-${'x'.repeat(291)}`, tail: 'x'.repeat(9) })
    expect(nameParts('AppsCodeRetrieval')).toEqual({ head: 'AppsCodeRetrieval', tail: '' })
    // Whole characters: a flag is two code points, four code units.
    expect(nameParts('🇨🇭'.repeat(30)).tail).toBe('🇨🇭'.repeat(9))
    expect(modelParts('Qwen/Qwen3')).toEqual({ org: 'Qwen/', name: 'Qwen3' })
    expect(modelParts('plain')).toEqual({ org: '', name: 'plain' })
  })
})
