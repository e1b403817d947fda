import { readFileSync, statSync } from 'node:fs'
import { error, type Finding, ok, warning } from './finding.ts'

/** Characters below which a token can be guessed. */
const LEAST = 16

/** Files with tokens and passwords: readable by their owner alone, and long enough. */
export function checkSecrets(files: readonly string[]): Finding[] {
  return files.map((file) => {
    const check = 'secret file'
    try {
      const open = (statSync(file).mode & 0o077).toString(8).padStart(2, '0')
      if (open !== '00') return warning(check, `${file} can be read or written by others`, `chmod 600 ${file}`)
      const length = readFileSync(file, 'utf8').trim().length
      if (length === 0) return error(check, `${file} is empty`, `Write one: openssl rand -hex 32 > ${file}`)
      if (length < LEAST)
        return warning(check, `${file} holds only ${length} characters`, `Write a longer one: openssl rand -hex 32 > ${file}`)
      return ok(check, `${file}: for its owner alone`)
    } catch (thrown) {
      return error(check, `${file}: ${(thrown as Error).message}`, `Write one: openssl rand -hex 32 > ${file}`)
    }
  })
}
