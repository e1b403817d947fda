import { readSpec } from '@sweepboard/planner'
import { describe, expect, it } from 'vitest'
import { candidatesFor, type Judged, writeFirstSpec } from './first-spec.ts'
import type { Machine } from './machine.ts'

const BARE: Machine = {
  hostname: 'box',
  cores: 8,
  memoryBytes: 32e9,
  cards: [],
  slots: 'cpu,endpoint',
  hasRedis: false,
  servers: [],
  launchers: [],
  folders: [],
}
const FILE = { file: 'sweep.yaml', fleet: ['npx sweepboard worker --join http://127.0.0.1:4400 --slots cuda:0'] }
const CARD = { slot: 'cuda:0', name: 'NVIDIA GeForce RTX 4090', freeBytes: 25e9 }
const well = (all: ReturnType<typeof candidatesFor>): Judged[] => all.map((one) => ({ ...one, trouble: null }))
const modelsIn = (text: string) => readSpec(text, 'sweep.yaml').models.map(({ value }) => value)

describe('candidatesFor', () => {
  it('takes what comes with sweepboard on a bare machine', () => {
    expect(candidatesFor(BARE, []).map(({ model }) => model)).toEqual(['local/pocket-static-en', 'mteb/baseline-bm25s'])
  })

  it('adds the family where a card and a launcher are, less what the cache has', () => {
    const machine = {
      ...BARE,
      cards: [CARD],
      launchers: ['tei', 'vllm'],
      folders: [{ path: '/cache/x', hubId: 'Qwen/Qwen3-Embedding-4B', hasOnnx: false }],
    }
    expect(candidatesFor(machine, []).slice(2)).toEqual([
      { model: '/cache/x', engine: 'vllm', why: 'Qwen/Qwen3-Embedding-4B of the Hugging Face cache' },
      { model: 'Qwen/Qwen3-Embedding-8B', engine: 'vllm', why: 'started by vllm' },
      { model: 'Qwen/Qwen3-Embedding-0.6B', engine: 'vllm', why: 'started by vllm' },
    ])
    expect(candidatesFor({ ...machine, launchers: [] }, []).map(({ engine }) => engine)).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('takes named models from a server or the cache where they are there', () => {
    const machine = {
      ...BARE,
      launchers: ['infinity'],
      servers: [{ model: 'BAAI/bge-m3', engine: 'tei', url: 'http://127.0.0.1:8080', server: 'tei' }],
      folders: [{ path: '/cache/e5', hubId: 'intfloat/e5', hasOnnx: true }],
    } as const
    expect(
      candidatesFor(machine, ['BAAI/bge-m3', 'intfloat/e5', 'a/b', './own']).map(({ model, engine }) => [model, engine]),
    ).toEqual([
      ['BAAI/bge-m3', { tei: { url: 'http://127.0.0.1:8080' } }],
      ['/cache/e5', undefined],
      ['a/b', 'infinity'],
      ['./own', undefined],
    ])
  })
})

describe('writeFirstSpec', () => {
  it('is a sweep file: what runs as entries, what does not as a comment with the reason', () => {
    const judged: Judged[] = [
      ...well(candidatesFor(BARE, [])),
      {
        model: 'Qwen/Qwen3-Embedding-8B',
        engine: 'vllm',
        why: 'started by vllm',
        trouble: 'needs 23.6 GB,\nhere there are 10.0 GB',
      },
    ]
    const text = writeFirstSpec({ ...BARE, cards: [CARD] }, judged, FILE)
    const read = readSpec(text, 'sweep.yaml')
    expect(read.mistakes).toEqual([])
    expect(modelsIn(text).map(({ model }) => model)).toEqual(['local/pocket-static-en', 'mteb/baseline-bm25s'])
    expect(text).toContain('  # - { model: Qwen/Qwen3-Embedding-8B, engine: vllm }   # needs 23.6 GB, here there are 10.0 GB')
    expect(text).toContain('cuda:0 NVIDIA GeForce RTX 4090 with 23.3 GiB free')
    expect(text).toContain('#   npx sweepboard worker --join http://127.0.0.1:4400 --slots cuda:0\n')
  })

  it('writes any name so that YAML reads the same one', () => {
    for (const model of ['qwen3-embedding:8b', 'a: b', '- x', 'null', '#1', 'with "quotes"', '1e3', './models/ü']) {
      const engine = { ollama: { url: 'http://127.0.0.1:11434' } }
      const text = writeFirstSpec(BARE, [{ model, engine, why: 'a\n- b', trouble: null }], FILE)
      expect(modelsIn(text)).toEqual([{ model, engine }])
    }
  })
})
