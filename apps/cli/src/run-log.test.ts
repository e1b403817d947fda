import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const MODULE = new URL('./run-log.ts', import.meta.url).href

describe('openRunLog', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sb-log-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  /** A process that logs two lines. */
  const logging = (before = '') =>
    spawnSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { symlinkSync } from 'node:fs'
         ${before}
         const { openRunLog } = await import(${JSON.stringify(MODULE)})
         const log = openRunLog(${JSON.stringify(folder)})
         log.write({ event: 'one' })
         log.write({ event: 'two' })
         log.close()`,
      ],
      { encoding: 'utf8' },
    )

  it('writes one JSON line an entry, with the time', () => {
    expect(logging()).toMatchObject({ status: 0, stderr: '' })
    const [name = ''] = readdirSync(join(folder, 'logs'))
    const lines = readFileSync(join(folder, 'logs', name), 'utf8')
      .trim()
      .split('\n')
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(['one', 'two'])
  })

  it('does not take its process down when the disk is full', () => {
    mkdirSync(join(folder, 'logs'))
    const full = `symlinkSync('/dev/full', ${JSON.stringify(join(folder, 'logs'))} + '/' + process.pid + '.ndjson')`
    expect(logging(full)).toMatchObject({ status: 0, stderr: '' })
  })
})
