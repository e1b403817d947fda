import { describe, expect, it } from 'vitest'
import { type Access, assertAccess, assertSafeMetrics, assertSafeToListen, type Caller, isBearer, type Tokens } from './access.ts'

const NONE: Tokens = { read: null, write: null }
const BOTH: Tokens = { read: 'reader', write: 'writer' }
const may = (access: Access, tokens: Tokens, caller: Partial<Caller>) => {
  try {
    assertAccess(access, tokens, { authorization: undefined, host: undefined, origin: undefined, ...caller })
    return true
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: 'SB-SERVE-002' })
    return false
  }
}

describe('assertSafeToListen', () => {
  it('refuses to listen beyond loopback without a write token', () => {
    for (const host of ['0.0.0.0', '::', '192.168.1.5', 'gpu-box'])
      expect(() => assertSafeToListen(host, { read: 'reader', write: null }), host).toThrow('SB-SERVE-001')
    expect(() => assertSafeToListen('0.0.0.0', BOTH)).not.toThrow()
    for (const host of ['127.0.0.1', 'localhost', '::1']) expect(() => assertSafeToListen(host, NONE), host).not.toThrow()
  })

  it('refuses tokens that no header can carry, on loopback too', () => {
    for (const bad of ['', ' ', 'two words', 'a\nb', 'schlüssel'])
      for (const tokens of [
        { read: 'reader', write: bad },
        { read: bad, write: 'writer' },
      ])
        for (const host of ['0.0.0.0', '127.0.0.1']) expect(() => assertSafeToListen(host, tokens), bad).toThrow('SB-SERVE-010')
  })
})

it('refuses to serve metrics beyond loopback without a token, and names the flag that worker has', () => {
  const refusal = { code: 'SB-SERVE-013', fix: expect.stringContaining('--metrics-token-file') }
  expect(() => assertSafeMetrics('0.0.0.0', null)).toThrow(expect.objectContaining(refusal))
  expect(() => assertSafeMetrics('0.0.0.0', 'two words')).toThrow('SB-SERVE-010')
  for (const [host, token] of [
    ['0.0.0.0', 'a-token'],
    ['127.0.0.1', null],
  ] as const)
    expect(() => assertSafeMetrics(host, token)).not.toThrow()
})

describe('without tokens', () => {
  it.each([
    [{ host: '127.0.0.1:4400' }, true],
    [{ host: 'localhost:4400' }, true],
    [{ host: '[::1]:4400' }, true],
    [{ host: 'localhost:4400', origin: 'http://localhost:4400' }, true],
    [{ host: 'evil.example:4400' }, false],
    [{ host: '127.0.0.1.evil.example' }, false],
    [{ host: 'localhost:4400', origin: 'http://evil.example' }, false],
    [{ host: 'localhost:4400', origin: 'http://localhost:5173' }, false],
    [{ host: 'localhost:4400', origin: 'null' }, false],
    [{}, false],
  ])('%j may: %s', (caller, expected) => {
    expect(may('write', NONE, caller)).toBe(expected)
    expect(may('read', NONE, caller)).toBe(expected)
    expect(may('open', NONE, caller)).toBe(true)
  })
})

describe('with tokens', () => {
  it.each([
    ['Bearer writer', true, true],
    ['Bearer reader', true, false],
    ['bearer writer', true, true],
    ['BEARER  reader', true, false],
    ['Bearer other', false, false],
    ['Bearer ', false, false],
    ['writer', false, false],
    ['Basic writer', false, false],
    [undefined, false, false],
  ])('%s: reads %s, writes %s', (authorization, reads, writes) => {
    const caller = { authorization, host: 'localhost' }
    expect(may('read', BOTH, caller)).toBe(reads)
    expect(may('write', BOTH, caller)).toBe(writes)
  })

  it('an empty token is nobody’s', () => {
    const empty = { read: '', write: '' }
    for (const authorization of [undefined, '', 'Bearer ', 'Bearer'])
      for (const access of ['read', 'write'] as const)
        expect(may(access, empty, { authorization, host: 'localhost' })).toBe(false)
    expect([isBearer(undefined, ''), isBearer('Bearer ', '')]).toEqual([false, false])
  })

  it('a write token alone leaves reading open, a read token alone lets nobody write', () => {
    expect(may('read', { read: null, write: 'writer' }, {})).toBe(true)
    expect(may('write', { read: null, write: 'writer' }, {})).toBe(false)
    expect(may('write', { read: 'reader', write: null }, { authorization: 'Bearer reader' })).toBe(false)
    expect(may('read', { read: 'reader', write: null }, { authorization: 'Bearer reader' })).toBe(true)
  })
})
