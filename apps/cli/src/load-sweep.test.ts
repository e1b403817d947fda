import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadSweep } from './load-sweep.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sweepboard-load-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Lines, codes and words of what is wrong with a sweep file of one known hub id on its third line. */
async function mistakesOf(...lines: string[]): Promise<string[]> {
  const file = join(folder, 'sweep.yaml')
  const models = 'models: ["Qwen/Qwen3-Embedding-{0.6B,8B}"]'
  writeFileSync(file, ['sweep: s', 'tasks: [SemanticTrapsEn]', models, ...lines, ''].join('\n'))
  const hub = { cacheDir: join(folder, 'hub') } as never
  const thrown = await loadSweep(file, { hub, readEnv: () => undefined, fingerprints: async () => [] }).catch((error) => error)
  return thrown.mistakes.map((one: { line: number; code: string; message: string }) => `${one.line} ${one.code} ${one.message}`)
}

describe('a mistake that a model’s engine depends on', () => {
  it.each([
    ['in the engine', ['engine: { vllm: { dytpe: float16 } }']],
    ['in an override', ['overrides:\n  - { when: { model: "*-8B" }, engine: { vllm: { dytpe: float16 } } }']],
    ['elsewhere in the file', ['engine: vllm', 'dytpe: float16']],
  ])('is said alone: %s', async (_, lines) => {
    const mistakes = await mistakesOf(...lines)
    expect(mistakes).toEqual([expect.stringMatching(/^[45] SB-SPEC-003 .*dytpe/)])
  })

  it('hides no model that is unknown where the engine is well-formed', async () => {
    expect(await mistakesOf('limit: -1')).toEqual([
      expect.stringContaining('3 SB-SPEC-006'),
      expect.stringContaining('3 SB-SPEC-006'),
      expect.stringContaining('4 SB-SPEC-004'),
    ])
  })
})
