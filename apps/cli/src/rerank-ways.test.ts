import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SweepError } from '@sweepboard/contracts'
import { freshSlot } from '@sweepboard/dispatch'
import { readSpec } from '@sweepboard/planner'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withEngine } from './find-reranker.ts'
import { readHubSettings } from './hub.ts'
import { loadSweep } from './load-sweep.ts'
import type { PlanSlots } from './plan-slots.ts'

const RERANKER = fileURLToPath(new URL('../../../../shared/models/tiny-bert-reranker', import.meta.url))
const reason = existsSync(RERANKER) ? '' : '(skipped: no shared models)'

describe.skipIf(reason !== '')(`overrides of rerankers in the matrix ${reason}`, () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sweepboard-rerank-ways-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const slot = (id: string, device: 'cpu' | 'cuda', gigabytes: number): PlanSlots['slots'][number] =>
    freshSlot({ id, device, memoryBytes: gigabytes * 1e9, deviceCount: 1, deviceName: null })
  const load = (overrides: string, slots: PlanSlots['slots']) => {
    const file = join(folder, 'sweep.yaml')
    const head = 'sweep: s\ntasks: [SemanticTrapsEn]\nmodels: [mteb/baseline-random-encoder]\nlimit: 5\n'
    writeFileSync(file, `${head}matrix: { rerank: { model: ${RERANKER}, depth: 3 } }\noverrides: [${overrides}]\n`)
    const hub = readHubSettings({ offline: true })
    const options = { readEnv: () => undefined, fingerprints: async () => [], hub }
    return loadSweep(file, { ...options, slots: async () => ({ where: 'here', slots }) })
  }
  const BY_SLOT = '{ when: { model: "local/*rerank*", device: cuda }, engine: { onnx: { provider: cuda } } }'
  const rows = ({ plan }: Awaited<ReturnType<typeof load>>) =>
    plan.groups.flatMap(({ model, rerank }) => (rerank ? [`${rerank.load.identity.provider} [${model.variant}]`] : []))

  it('plan the ways that slots take, each with its slots, and say so', async () => {
    const both = await load(BY_SLOT, [slot('cpu0', 'cpu', 30), slot('cuda0', 'cuda', 24)])
    expect(rows(both)).toEqual(['cpu []', 'cuda [engine: reranker onnx cuda]'])
    expect(both.plan.groups.flatMap(({ rerank }) => rerank?.load.open.slots ?? [])).toEqual([
      { is: null, not: [{ device: 'cuda', memory: [] }] },
      { is: { device: 'cuda', memory: [] }, not: [] },
    ])
    expect(both.warnings.join('\n')).toMatch(/tiny-bert-reranker is computed 2 times/)
    expect(rows(await load(BY_SLOT, [slot('cpu0', 'cpu', 30)]))).toEqual(['cpu []'])
  })

  it('take the place of the engine by name, with what of a recipe a reranker has; the rest is refused with what to do', async () => {
    const named = await load('{ when: { model: "*rerank*" }, recipe: { maxTokens: 32 } }', [])
    expect(named.plan.groups.flatMap(({ rerank }) => (rerank ? [rerank.recipe.maxTokens] : []))).toEqual([32])
    const refused = load('{ when: { model: "*rerank*" }, recipe: { pooling: cls } }', [])
    await expect(refused).rejects.toSatisfy((error: SweepError) => {
      expect(error.mistakes).toMatchObject([
        { code: 'SB-SPEC-004', line: 5, message: expect.stringMatching(/a reranker has no pooling: let the override's/) },
      ])
      return true
    })
  })
})

describe('a reranker of the matrix without an engine', () => {
  const spec = (engine: string) => readSpec(`sweep: s\ntasks: [SciFact]\nmodels: [x]\n${engine}`, 's.yaml').spec
  const of = (model: string, engine: string) => withEngine({ model, depth: 5 }, spec(engine), '/nowhere')

  it('takes the launcher of the sweep where it is a hub id, less what is the models’ alone', () => {
    const launcher = 'engine: { vllm: { dtype: bfloat16, memoryShare: 0.5, tokenizer: ./folder } }'
    expect(of('Qwen/Qwen3-Reranker-4B', launcher)).toEqual({
      model: 'Qwen/Qwen3-Reranker-4B',
      depth: 5,
      engine: { vllm: { dtype: 'bfloat16', memoryShare: 0.5 } },
    })
    expect(of('Qwen/Qwen3-Reranker-4B', 'engine: sglang').engine).toEqual({ sglang: {} })
    expect(of('./folder', launcher).engine).toBeUndefined()
    expect(withEngine({ model: 'org/m', engine: 'onnx' }, spec(launcher), '/nowhere').engine).toBe('onnx')
  })

  it.each(['', 'engine: onnx', 'engine: { tei: { url: "http://h:1" } }'])(
    'is refused with the line to write where %j gives none',
    (engine) => {
      expect(() => of('org/m', engine)).toThrow('write its engine, as in { model: org/m, engine: vllm }')
    },
  )
})
