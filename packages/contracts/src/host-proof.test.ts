import { expect, it } from 'vitest'
import { hostOf, maySpeakFor } from './host-proof.ts'

it('a host is whoever knows the secret its id is made of; ids of before are anybody’s', () => {
  const host = hostOf('a secret')
  expect(host).toMatch(/^k[0-9a-f]{32}$/)
  expect(maySpeakFor(host, 'a secret')).toBe(true)
  expect(maySpeakFor(host, 'another')).toBe(false)
  expect(maySpeakFor(host, undefined)).toBe(false)
  expect(maySpeakFor('h0123456789abcdef', undefined)).toBe(true)
})
