import { maskOf } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { logLine } from './log-line.ts'
import { logView } from './log-options.ts'
import { isPasswordInArgument, secretsOf } from './redis-options.ts'

describe('maskOf', () => {
  const secret = 'p@ss "word"/1'
  const mask = maskOf([secret, null, undefined, '', 'abc'])
  it.each([
    ['as it is', `login ${secret} refused`, 'login *** refused'],
    ['as JSON writes it', JSON.stringify({ message: secret }), '{"message":"***"}'],
    ['as a URL does', `x=${encodeURIComponent(secret)}&y`, 'x=***&y'],
    ['an unknown login in an address', 'redis://me:other@host:1/2 and rediss://:x@h', 'redis://***@host:1/2 and rediss://***@h'],
    ['a bearer', '{"authorization":"Bearer abc.def"}', '{"authorization":"Bearer ***"}'],
    ['a word too short to hide', 'abc stays', 'abc stays'],
    ['an address without a login', 'https://host/a@b', 'https://host/a@b'],
  ])('%s', (_, text, masked) => {
    expect(mask(text)).toBe(masked)
  })

  it('hides the longer of two secrets whole', () => {
    expect(maskOf(['abcdef', 'abcdef-ghi'])('x abcdef-ghi y')).toBe('x *** y')
  })
})

describe('logLine', () => {
  it('is for people, and holds no control character', () => {
    const json = JSON.stringify({
      level: 'warn',
      at: '2026-01-02T03:04:05.678Z',
      event: 'failed',
      lease: 'j1',
      n: 3,
      message: 'a\x1b[31m',
    })
    expect(logLine(json)).toBe('03:04:05 warn  failed lease=j1 n=3  a\\u001b[31m')
  })
})

describe('logView', () => {
  it('text on a terminal, JSON elsewhere, nothing beside --json unless it is asked for', () => {
    expect(logView({}, true)).toMatchObject({ level: 'info', format: 'text' })
    expect(logView({}, false)).toMatchObject({ level: 'info', format: 'json' })
    expect(logView({ logFormat: 'json', logLevel: 'warn' }, true)).toMatchObject({ level: 'warn', format: 'json' })
    expect(logView({ json: true }, true)).toBeUndefined()
    expect(logView({ json: true, logLevel: 'debug' }, false)).toMatchObject({ level: 'debug', format: 'json' })
  })
})

describe('isPasswordInArgument', () => {
  it.each([
    ['redis://:pw@host', true],
    ['redis://user:pw@host', true],
    ['redis://user@host', false],
    ['redis://host', false],
    ['not a url', false],
    [undefined, false],
  ])('%s', (url, answer) => {
    expect(isPasswordInArgument(url)).toBe(answer)
  })

  it('secretsOf names the password in both its forms', () => {
    expect(secretsOf({ url: 'redis://u:p%40ss@host' })).toEqual(['p@ss', 'p%40ss'])
    expect(secretsOf(null)).toEqual([])
  })
})
