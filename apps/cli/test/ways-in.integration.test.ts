import { spawn } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openPlace, type Place, REPOSITORY, start } from './command.ts'

let place: Place
beforeAll(() => {
  place = openPlace()
})
afterAll(() => place.remove())

/** A command line through a shell; resolves to its exit code and what it said. */
function shell(line: string): Promise<{ exit: number | null; said: string }> {
  const child = spawn('bash', ['-c', line], { cwd: REPOSITORY, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  return new Promise((resolve) => child.on('close', (exit) => resolve({ exit, said })))
}

it('ends quietly when the reader of its output goes away', async () => {
  const { exit, said } = await shell(
    `"${process.execPath}" apps/cli/bin/sweepboard.mjs plan --schema | head -n 1; exit \${PIPESTATUS[0]}`,
  )
  expect(said).toBe('{\n')
  expect(exit).toBe(0)
})

it('takes a Ctrl-C that wrappers pass on again as one', async () => {
  const running = start(['serve', '--port', '0', '--data', place.data])
  await running.until('http://127.0.0.1')
  for (let copy = 0; copy < 3; copy++) running.child.kill('SIGINT')
  expect((await running.ended).exit).toBe(0)
})

it('says how to install where no package lies beside the bin', async () => {
  const bin = join(place.folder, 'apps/cli/bin/sweepboard.mjs')
  cpSync(join(REPOSITORY, 'apps/cli/bin/sweepboard.mjs'), bin)
  const { exit, said } = await shell(`"${process.execPath}" "${bin}" --version`)
  expect(exit).toBe(3)
  expect(said).toContain('SB-CORE-003: sweepboard is not installed here.')
})
