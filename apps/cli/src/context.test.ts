import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readPassword, readSecret, secretOf } from './context.ts'

describe('secrets', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sweepboard-secret-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const read = (text: string) => {
    const file = join(folder, 'secret')
    writeFileSync(file, text)
    return readSecret(file)
  }

  it('are the first line of their file', () => {
    for (const text of ['abc', 'abc\n', 'abc\r\n', '\n abc \n', 'abc\nrest of a note\n']) expect(read(text), text).toBe('abc')
    expect(read('two words\n')).toBe('two words')
  })

  it('are never empty', () => {
    for (const text of ['', '\n', ' \r\n ']) expect(() => read(text), JSON.stringify(text)).toThrow(/SB-FILE-001.*empty/)
    expect(() => readSecret(join(folder, 'none'))).toThrow('SB-FILE-001')
    // But for passwords: systemd's unit hands over a file that is empty where Redis has none.
    expect(readPassword(join(folder, 'secret'))).toBeUndefined()
    expect(() => readPassword(join(folder, 'none'))).toThrow('SB-FILE-001')
    expect([secretOf(undefined), secretOf(''), secretOf(' '), secretOf(' a ')]).toEqual([null, null, null, 'a'])
  })
})
