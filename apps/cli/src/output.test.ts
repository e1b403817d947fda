import { describe, expect, it } from 'vitest'
import { toFailure } from './output.ts'

describe('toFailure', () => {
  it.each([
    ['a full disk, which names no file in a write', { code: 'ENOSPC', syscall: 'write' }, 'SB-FILE-007'],
    ['a quota', { code: 'EDQUOT', syscall: 'write' }, 'SB-FILE-007'],
    ['a folder that is not to be made', { code: 'ENOENT', syscall: 'mkdir', path: '/x' }, 'SB-FILE-007'],
    ['a ledger on a full disk', { code: 'SQLITE_FULL' }, 'SB-FILE-007'],
    ['a file that is not there', { code: 'ENOENT', syscall: 'open', path: '/x' }, 'SB-CORE-001'],
    ['anything else', {}, 'SB-CORE-001'],
  ])('of %s', (_, about, code) => {
    expect(toFailure(Object.assign(new Error('words'), about)).code).toBe(code)
  })
})
