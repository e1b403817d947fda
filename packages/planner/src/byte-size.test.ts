import { describe, expect, it } from 'vitest'
import { parseByteSize, sayByteSize } from './byte-size.ts'

describe('sizes in bytes', () => {
  it.each([
    ['200GB', 200e9],
    ['20GiB', 20 * 2 ** 30],
    ['1.5 mb', 1_500_000],
    ['512KiB', 524_288],
    ['2TB', 2e12],
    ['0', 0],
    ['1000', 1000],
    ['7B', 7],
  ])('%s is %i', (text, bytes) => expect(parseByteSize(text)).toBe(bytes))

  it.each(['', 'GB', '-1GB', '1 PB', '10 gigs', '1e9', '0x10', 'iB', '3IB'])('"%s" is none', (text) =>
    expect(parseByteSize(text)).toBeNull(),
  )

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [1_340_000_000, '1.3 GB'],
    [541e9, '541 GB'],
    [2e12, '2.0 TB'],
  ])('%i reads %s', (bytes, text) => expect(sayByteSize(bytes)).toBe(text))
})
