import { describe, expect, it } from 'vitest'
import { fittingText } from './fitting-text.ts'

/** At most `room` tokens: `whole` words are one token, others one a character. */
const reader = (room: number, whole: readonly string[]) => (text: string) => {
  const tokens = text
    .split(' ')
    .filter((word) => word !== '')
    .flatMap((word) => (whole.includes(word) ? [word] : [...word]))
  const kept = tokens.slice(0, room)
  const ids = kept.map((token) => [...token].reduce((sum, character) => sum * 31 + (character.codePointAt(0) as number), 7))
  return { ids, isTruncated: kept.length < tokens.length, controlCount: 0 }
}

describe('a text that fits', () => {
  it('is the text itself where nothing must go', () => {
    expect(fittingText('one two', reader(2, ['one', 'two']))).toBe('one two')
  })

  it('ends with a whole word even where half of it has more tokens than room', () => {
    const read = reader(2, ['one', 'intervals', 'more'])
    const cut = fittingText('one intervals more', read)
    expect(cut.trimEnd()).toBe('one intervals')
    expect(read(cut).isTruncated).toBe(false)
    expect(read(cut).ids).toEqual(read('one intervals more').ids)
  })

  it('never parts a surrogate pair, and is never cut again', () => {
    for (let room = 1; room < 12; room += 1) {
      const read = reader(room, [])
      const cut = fittingText('a😀b😀😀c d😀 efg😀', read)
      expect(cut.isWellFormed()).toBe(true)
      expect(read(cut).isTruncated).toBe(false)
      expect(read(cut).ids).toEqual(read('a😀b😀😀c d😀 efg😀').ids)
    }
  })
})
