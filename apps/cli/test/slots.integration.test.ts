import { chmodSync, mkdirSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openPlace, type Place, REPOSITORY, start } from './command.ts'

/** `--slots` on a machine whose PATH is the test's own; a program stands in for `nvidia-smi`. */
let place: Place
beforeEach(() => {
  place = openPlace()
  mkdirSync(join(place.folder, 'bin'))
})
afterEach(() => place.remove())

const SPEC = join(REPOSITORY, 'examples', 'first-sweep.yaml')
function run(slots: string) {
  const path = [join(place.folder, 'bin'), dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter)
  const args = ['run', SPEC, '--no-serve', '--offline', '--json', '--data', place.data, '--slots', slots]
  return start(args, { PATH: path, CUDA_VISIBLE_DEVICES: '0,1' }).ended
}
/** Puts a program on PATH that prints this and ends so. */
function plugIn(text: string, code = 0): void {
  const file = place.write('bin/nvidia-smi', `#!/bin/sh\ncat <<'END'\n${text}\nEND\nexit ${code}\n`)
  chmodSync(file, 0o755)
}
const CARDS = `0, GPU-aaaa, NVIDIA GeForce RTX 4090, 24564, 4096, 570.86.15, 43, 50, 100.00, [N/A]
1, GPU-bbbb, NVIDIA GeForce RTX 4090, 24564, 0, 570.86.15, 60, 100, 300.00, [N/A]`
/** The failure a command with `--json` ends with. */
const failureOf = (stdout: string) => JSON.parse(stdout.trim().split('\n').at(-1) as string)

describe('run --slots', () => {
  it('names every mistake at once, and what to do', async () => {
    plugIn(CARDS)
    const ended = await run('cuda:0,cuda:0+1,cuda:7,gpu')
    expect(ended.exit).toBe(2)
    const failure = failureOf(ended.stdout)
    expect(failure.mistakes.map(({ code }: { code: string }) => code)).toEqual(['SB-WORK-007', 'SB-WORK-006', 'SB-WORK-005'])
    expect(failure.mistakes[1].message).toContain('found: cuda:0, cuda:1')
  })

  it('says what is missing where there is no driver or it fails', async () => {
    const bare = await run('cuda:0')
    expect(bare.exit).toBe(3)
    expect(failureOf(bare.stdout)).toMatchObject({
      code: 'SB-WORK-010',
      message: expect.stringContaining('no nvidia-smi on PATH'),
    })
    plugIn('Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 570.86', 18)
    const failing = await run('cuda')
    expect(failureOf(failing.stdout).message).toContain('Driver/library version mismatch')
  })

  it('runs the example beside cards that it does not need, and says whose memory is taken', async () => {
    plugIn(CARDS)
    const ended = await run('auto')
    expect(ended.exit).toBe(0)
    expect(ended.stderr).toContain('slot cuda0: others hold 4.0 GiB')
    expect(failureOf(ended.stdout)).toMatchObject({ event: 'done', state: 'done' })
  })
})
