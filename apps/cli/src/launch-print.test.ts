import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { askLaunch, type LaunchQuestion, shellLine } from './launch-print.ts'

const ask = (given: Partial<LaunchQuestion>) =>
  askLaunch({ model: 'Qwen/Qwen3-Embedding-0.6B', engine: 'vllm', port: 8000, isReranker: false, ...given })

describe('askLaunch', () => {
  it('answers for the slot that is asked about', async () => {
    expect((await ask({})).command.env.CUDA_VISIBLE_DEVICES).toBe('0')
    const two = await ask({ slot: 'cuda:1+2' })
    expect(two.command.env.CUDA_VISIBLE_DEVICES).toBe('1,2')
    expect(two.command.argv.join(' ')).toContain('--tensor-parallel-size 2')
    expect((await ask({ engine: 'infinity,device=cpu' })).command.env.CUDA_VISIBLE_DEVICES).toBe('')
    expect(two.load.memoryBytes).toBeGreaterThan(2 ** 30)
  })

  it('knows a reranker, and writes the template its command names', async () => {
    const { command } = await ask({ model: 'Qwen/Qwen3-Reranker-0.6B' })
    const file = command.argv[command.argv.indexOf('--chat-template') + 1] as string
    expect(existsSync(file)).toBe(true)
    expect(readFileSync(file, 'utf8')).toContain('answer can only be "yes" or "no"')
  })

  it.each<[string, Partial<LaunchQuestion>, string]>([
    ['an engine nobody starts', { engine: 'onnx', model: 'local/pocket-static-en' }, 'SB-SPEC-004'],
    ['a slot that is none', { slot: 'gpu0' }, 'SB-SPEC-004: --slot'],
    ['a GPU that is none', { slot: 'cuda:-1' }, 'SB-SPEC-004: --slot'],
    [
      'a slot that no worker would serve it on',
      { engine: 'tei', slot: 'cpu' },
      'with float16 it takes no cpu slot; `device=cpu`',
    ],
    ['an embedding model as a reranker', { isReranker: true }, 'is an embedding model by the recipe book: leave --rerank out'],
    ['a model without a recipe, which may be a reranker', { model: 'org/unknown' }, 'Is it a reranker? Then add --rerank'],
    ['a GPU joined with itself', { slot: 'cuda:0+0' }, 'cuda:0+0 joins a GPU with itself'],
    ['a slot that no setting would help', { engine: 'sglang', slot: 'cpu' }, 'it serves nothing on cpu: leave --slot out'],
    ['a command as a setting', { engine: 'vllm,command=sh' }, '--engine'],
    ['a launcher nobody described', { engine: 'launch=mine' }, 'SB-WORK-031'],
    ['a launcher mistyped, with the nearest', { engine: 'launch=ollma' }, 'did you mean "ollama"?'],
    ['an engine mistyped, with the nearest', { engine: 'vlm' }, 'no engine "vlm", did you mean "vllm"?'],
    ['a model mistyped, with the nearest', { model: 'Qwen/Qwen3-Embeding-8B' }, 'did you mean "Qwen/Qwen3-Embedding-8B"?'],
    ['a model without its organisation', { model: 'bge-m3' }, 'unknown model "bge-m3", did you mean "BAAI/bge-m3"?'],
  ])('refuses %s', async (_, given, where) => {
    await expect(ask(given)).rejects.toThrow(where)
  })
})

describe('shellLine', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sweepboard-shell-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('is one line that a shell reads as the very words', () => {
    const argv = [process.execPath, '-e', 'console.log(JSON.stringify([process.argv.slice(1), process.env.ODD]))', '--']
    const words = ['plain', '', "it's", '{"a": "b c"}', '$HOME `id` \\n', '*', 'two\nlines', 'ü']
    const line = shellLine({ argv: [...argv, ...words], env: { ODD: "a 'b' $c" } })
    const script = join(folder, 'line.sh')
    writeFileSync(script, line)
    expect(JSON.parse(execFileSync('sh', [script], { encoding: 'utf8' }))).toEqual([words, "a 'b' $c"])
  })
})
