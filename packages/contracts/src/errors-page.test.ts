import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ERRORS } from './error-registry.ts'
import { errorsPage } from './errors-page.ts'

describe('error registry', () => {
  it('is what docs/errors.md says (run packages/contracts/make-errors-page.ts after a change)', () => {
    expect(readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8')).toBe(errorsPage())
  })

  it('names every code as SB-AREA-NNN, with a remedy that ends in a full stop or a command', () => {
    for (const [code, { fix }] of Object.entries(ERRORS)) {
      expect(code).toMatch(/^SB-[A-Z]+-\d{3}$/)
      expect(fix.length).toBeGreaterThan(10)
    }
  })
})
