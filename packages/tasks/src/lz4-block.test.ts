import { expect, it } from 'vitest'
import { unpackLz4Block } from './lz4-block.ts'

const unpack = (bytes: readonly number[], size: number) => Buffer.from(unpackLz4Block(Uint8Array.from(bytes), size)).toString()
const letters = (text: string) => [...Buffer.from(text)]

it('copies literals and matches, also those that reach into what they write, and lengths beyond fifteen', () => {
  expect(unpack([0x30, ...letters('abc')], 3)).toBe('abc')
  expect(unpack([0x21, ...letters('ab'), 2, 0, 0x10, ...letters('c')], 8)).toBe('abababac')
  expect(unpack([0x1f, ...letters('x'), 1, 0, 0, 0x10, ...letters('y')], 21)).toBe(`${'x'.repeat(20)}y`)
  expect(unpack([0xf0, 3, ...letters('eighteen letters ..').slice(0, 18)], 18)).toBe('eighteen letters .')
  expect(unpack([0x00], 0)).toBe('')
})

it.each([
  ['another length than said', [0x30, ...letters('abc')], 4],
  ['literals beyond its end', [0x50, ...letters('abc')], 5],
  ['more than there is room for', [0x30, ...letters('abc')], 2],
  ['a match before its beginning', [0x10, ...letters('a'), 2, 0, 0x00], 5],
  ['a match of distance 0', [0x10, ...letters('a'), 0, 0, 0x00], 5],
  ['an end within a match', [0x10, ...letters('a'), 1], 5],
  ['an end within a length', [0xf0, 255], 300],
])('refuses a block with %s', (_, bytes, size) => {
  expect(() => unpack(bytes, size)).toThrow(/^LZ4: /)
})
