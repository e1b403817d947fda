import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { start } from './command.ts'

/** `init` on machines made of a PATH and a home of the test's own; it writes into a folder of the test's own. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sweepboard-init-'))
  mkdirSync(join(folder, 'bin'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Puts a program on the machine's PATH. */
function install(name: string, text: string): void {
  const file = join(folder, 'bin', name)
  writeFileSync(file, `#!/bin/sh\n${text}\n`)
  chmodSync(file, 0o755)
}
/** In the place of a GPU: a program that prints what a real one printed. */
function plugIn(memoryMiB: number): void {
  install(
    'nvidia-smi',
    `case "$*" in *--query-gpu=*) echo "0, GPU-aaaa, NVIDIA GeForce RTX 4090, ${memoryMiB}, 0, 570.86.15, 43, 0, 20.00, [N/A]" ;; esac`,
  )
}
function command(...args: string[]) {
  const path = [join(folder, 'bin'), dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter)
  return start(args, { PATH: path, HOME: folder, HF_HOME: join(folder, 'hf'), CUDA_VISIBLE_DEVICES: '0' }).ended
}
const spec = () => join(folder, 'sweep.yaml')
const written = () => readFileSync(spec(), 'utf8')

describe('sweepboard init', () => {
  it('writes a sweep that plans and runs on a bare machine, and never over a file', async () => {
    const first = await command('init', '-o', spec())
    expect(first).toMatchObject({ exit: 0 })
    expect(first.stdout).toContain(`npx sweepboard run ${spec()}`)
    expect(first.stderr).toContain('looking at this machine')
    expect(written()).toContain('  - local/pocket-static-en')
    expect((await command('plan', spec(), '--offline')).exit).toBe(0)
    const run = await command('run', spec(), '--no-serve', '--offline', '--json', '--data', join(folder, 'data'))
    expect(run.exit).toBe(0)
    expect(run.stdout.trim().split('\n').at(-1)).toContain('"scored":2')
    writeFileSync(spec(), 'mine')
    const second = await command('init', '-o', spec())
    expect([second.exit, second.stderr.includes('SB-FILE-009'), written()]).toEqual([3, true, 'mine'])
    expect((await command('init', '-o', spec(), '--force')).exit).toBe(0)
    expect(written()).toContain('sweep: first-look')
  })

  it('picks the sizes that fit the card, and says what the others need', async () => {
    // The 8B would have room for weights, keys and values, but not for what a server leaves free beside them.
    plugIn(24_000)
    install('vllm', 'exit 1')
    const ended = await command('init', '-o', spec(), '--json')
    expect(ended).toMatchObject({ exit: 0 })
    const { machine, models, commands } = JSON.parse(ended.stdout)
    expect(machine).toMatchObject({ slots: 'cuda:0,cpu,endpoint', launchers: expect.arrayContaining(['vllm']) })
    expect(machine.cards).toEqual([{ slot: 'cuda:0', name: 'NVIDIA GeForce RTX 4090', freeBytes: 24_000 * 2 ** 20 }])
    const trouble = (name: string) => models.find(({ model }: { model: string }) => model.endsWith(name)).trouble
    expect(trouble('0.6B')).toBeNull()
    expect(trouble('8B')).toMatch(/^needs [12]\d\.\d GiB, the largest such slot has 23\.4 GiB\. What would fit: /)
    expect(written()).toContain('  - { model: Qwen/Qwen3-Embedding-0.6B, engine: vllm }')
    expect(written()).toContain('  # - { model: Qwen/Qwen3-Embedding-8B, engine: vllm }   # needs')
    expect(commands[0]).toBe(`npx sweepboard run ${spec()}`)
    expect(commands).toContain('npx sweepboard worker --join http://127.0.0.1:4400 --slots cuda:0,cpu,endpoint')
    expect(written()).toContain('#   npx sweepboard worker --join http://127.0.0.1:4400 --slots cuda:0,cpu,endpoint')
    const plan = await command('plan', spec(), '--offline')
    expect([plan.exit, plan.stdout.includes('What would fit')]).toEqual([0, false])
  })

  it('takes the models that are named, and refuses to write a sweep without any', async () => {
    const ended = await command('init', '-o', spec(), '--models', 'mteb/baseline-bm25s', 'org/{unknown,other}')
    expect(ended.exit).toBe(0)
    expect(ended.stderr).toContain('org/other is left out')
    expect(written()).toContain('  - mteb/baseline-bm25s')
    expect(written()).toContain('  # - org/unknown')
    const none = await command('init', '-o', join(folder, 'none.yaml'), '--models', 'org/unknown')
    expect(none.exit).toBeGreaterThan(0)
    expect(() => readFileSync(join(folder, 'none.yaml'))).toThrow(/ENOENT/)
  })
})
