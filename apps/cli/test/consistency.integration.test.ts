import { cpSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { probeSet } from '@sweepboard/models'
import { infinityRerankStub, StubModel, type StubRoutes, StubServer, vllmStub } from '@sweepboard/test-kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPlace, type Place, REPOSITORY, readEvents, SHARED, sweepboard } from './command.ts'

const POCKET = join(REPOSITORY, 'examples/models/pocket-static-en')
const MINILM = join(SHARED, 'models/all-MiniLM-L6-v2')
const RERANKER = join(SHARED, 'models/tiny-bert-reranker')

let place: Place
beforeAll(() => {
  place = openPlace()
})
afterAll(() => place.remove())

interface Row {
  readonly kind: string
  readonly texts: string
  readonly holds: boolean
  readonly agreement: number
  readonly a: { readonly load: string; readonly engine: string; readonly dtype: string }
  readonly b: { readonly load: string; readonly engine: string }
  readonly verdict: {
    readonly unsharedCount: number
    readonly type: string | null
    readonly checks: readonly { readonly found: number; readonly bound: number }[]
  }
  readonly numbers: {
    readonly worst: readonly { readonly id: string; readonly kind: string; readonly value: number }[]
    readonly refused: readonly unknown[]
    readonly kinds: Readonly<Record<string, { readonly count: number }>>
    readonly vectors: { readonly cosine: { readonly min: number; readonly percentiles: Readonly<Record<string, number>> } }
    readonly ranks: { readonly spearman: number; readonly top10: number; readonly rankingCount: number }
    readonly scores: { readonly pearson: number; readonly composite: number; readonly pairCount: number }
  }
}

async function compare(...args: string[]): Promise<{ exit: number; row: Row; stderr: string }> {
  const { exit, stdout, stderr } = await sweepboard('consistency', ...args, '--data', place.data, '--json')
  return { exit, row: JSON.parse(stdout) as Row, stderr }
}

describe('consistency of embeddings', () => {
  it('holds for two copies of one model, keeps the row, and shows it in the history', async () => {
    const copy = join(place.folder, 'copy')
    cpSync(POCKET, copy, { recursive: true })
    const { exit, row } = await compare('local/pocket-static-en', copy)
    expect(exit).toBe(0)
    expect(row).toMatchObject({ kind: 'embeddings', texts: 'probe set 1', holds: true, a: { engine: 'onnx', dtype: 'float32' } })
    expect(row.verdict.type).toBe('fp32')
    expect(row.numbers.vectors.cosine.min).toBeGreaterThan(0.999999)
    expect(row.numbers.ranks).toMatchObject({ top10: 1, rankingCount: 134 })
    expect(row.numbers.worst).toHaveLength(10)
    expect(Object.keys(row.numbers.kinds)).toEqual(
      expect.arrayContaining(['chinese', 'code', 'formula', 'table', 'long', 'mixed']),
    )
    const history = await sweepboard('consistency', '--history', '--data', place.data, '--json')
    expect(JSON.parse(history.stdout)).toMatchObject([{ id: 1, ...row }])
    const shown = await sweepboard('consistency', 'no-such-model', '--history', '--data', place.data, '--json')
    expect(JSON.parse(shown.stdout)).toEqual([])
  })

  it('tells another pooling apart, names the texts, and ends with 1', async () => {
    const file = place.write(
      'two.yaml',
      `sweep: two\ntasks: [SemanticTrapsEn]\nmodels:\n  - local/pocket-static-en\n  - { model: local/pocket-static-en, recipe: { pooling: cls } }\n`,
    )
    const { exit, row } = await compare(file, '--worst', '3')
    expect(exit).toBe(1)
    expect(row.holds).toBe(false)
    expect(row.texts).toMatch(/^SemanticTrapsEn \(default, test\), \d+ of \d+ documents, \d+ of \d+ queries$/)
    expect(row.numbers.worst).toHaveLength(3)
    const [first, second] = row.numbers.worst
    expect(first?.value).toBeLessThanOrEqual(second?.value as number)
    expect(row.agreement).toBeLessThan(0.9)
  })

  it('judges by --min-cosine in place of the table', async () => {
    const copy = join(place.folder, 'copy')
    const { stdout } = await sweepboard('consistency', POCKET, copy, '--min-cosine', '0.5', '--data', place.data, '--no-store')
    expect(stdout).toMatch(/\nCONSISTENT: least cosine 1\.000000 >= 0\.5 \(as asked\)\n$/)
  })

  it('compares servers; a text that only one of them takes is named and does not hold', async () => {
    const model = new StubModel(probeSet().texts.map(({ text }) => text))
    const [long, short] = [
      await StubServer.start(vllmStub(model, { maxTokens: 4096 })),
      await StubServer.start(vllmStub(model, { maxTokens: 300 })),
    ]
    try {
      const engine = (server: StubServer, more = '') => `openai=${server.root}/v1${more}`
      const args = ['stub-model', '--engine-a', engine(long), '--engine-b']
      const same = await compare(...args, engine(long, ',batch=4'))
      expect(same.exit).toBe(0)
      expect(same.row.agreement).toBeCloseTo(1, 9)
      expect(same.row.verdict).toMatchObject({ type: 'bf16', isTypeSaid: false, unsharedCount: 0 })
      const cut = await compare(...args, engine(short))
      expect(cut.exit).toBe(1)
      expect(cut.row.agreement).toBeCloseTo(1, 9)
      expect(cut.row.verdict.unsharedCount).toBeGreaterThan(0)
      expect(cut.row.numbers.refused[0]).toMatchObject({ by: 'b', id: expect.stringMatching(/^long-/) })
    } finally {
      await long.stop()
      await short.stop()
    }
  }, 60_000)

  it.skipIf(!existsSync(MINILM))(
    'a quantised file agrees within the bounds of int8 and not within those of fp32',
    async () => {
      const first = await compare(MINILM, '--engine-b', 'onnx,dtype=q8')
      expect(first.exit).toBe(0)
      expect(first.row.verdict.type).toBe('int8')
      expect(first.row.agreement).toBeGreaterThan(0.98)
      const strict = await compare(MINILM, '--engine-b', 'onnx,dtype=q8', '--dtype', 'fp32', '--no-store')
      expect(strict.exit).toBe(1)
    },
    120_000,
  )
})

describe('what cannot be compared is refused', () => {
  it.each([
    [['local/pocket-static-en'], 2, 'SB-MODEL-012'],
    [['local/pocket-static-en', 'mteb/baseline-random-encoder'], 2, 'SB-MODEL-012'],
    [['local/pocket-static-en', '--engine-b', 'vllm'], 2, 'SB-SPEC-004'],
    [['missing.yaml'], 3, 'SB-SPEC-007'],
    [[], 2, "missing required argument 'a'"],
  ] as const)('%j', async (args, exit, words) => {
    const ended = await sweepboard('consistency', ...args, '--data', join(place.folder, 'none'))
    expect(ended.exit).toBe(exit)
    expect(ended.stderr).toContain(words)
    expect(ended.stdout).toBe('')
    expect(existsSync(join(place.folder, 'none'))).toBe(false)
  })
})

describe('consistency of rerankers', () => {
  it.skipIf(!existsSync(RERANKER))(
    'agrees with a copy of itself in every part of the composite',
    async () => {
      const copy = join(place.folder, 'reranker')
      cpSync(RERANKER, copy, { recursive: true })
      const { exit, row } = await compare(RERANKER, copy)
      expect(exit).toBe(0)
      expect(row).toMatchObject({ kind: 'scores', holds: true })
      expect(row.numbers.scores.pairCount).toBe(250)
      expect(row.agreement).toBeCloseTo(1, 6)
      expect(row.numbers.worst[0]?.id).toMatch(/^question-\d\d \/ /)
    },
    120_000,
  )

  it.skipIf(!existsSync(RERANKER))(
    'tells another reranker apart',
    async () => {
      const server = await StubServer.start(infinityRerankStub(new StubModel(probeSet().texts.map(({ text }) => text))))
      try {
        const { exit, row } = await compare(RERANKER, 'stub-model', '--engine-b', `rerank-api=${server.root}/v1`)
        expect(exit).toBe(1)
        expect(row.numbers.scores.composite).toBeLessThan(0.8)
      } finally {
        await server.stop()
      }
    },
    120_000,
  )
})

/** A server that says no token counts: those of another tokenizer would be refused before the comparison. */
function uncounted(routes: StubRoutes): StubRoutes {
  const embed = routes['POST /v1/embeddings'] as StubRoutes[string]
  return {
    ...routes,
    'POST /v1/embeddings': (request) => {
      const answer = embed(request)
      return 'json' in answer ? { ...answer, json: { ...(answer.json as object), usage: undefined } } : answer
    },
  }
}

describe('consistency of a sweep file', () => {
  it('is checked when the sweep is run: a row, an event, and exit 1 where it does not hold', async () => {
    const data = join(place.folder, 'sweep-data')
    const file = place.write(
      'checked.yaml',
      `sweep: checked\ntasks: [SemanticTrapsEn]\nmodels: [local/pocket-static-en]\nconsistency:\n  - { model: ${POCKET}, against: onnx }\n`,
    )
    const good = await sweepboard('run', file, '--data', data, '--json')
    expect(good.exit).toBe(0)
    expect(readEvents(good.stdout)[0]).toMatchObject({ event: 'consistency', holds: true, texts: 'probe set 1' })
    const other = new StubModel(
      probeSet().texts.map(({ text }) => text),
      256,
    )
    const server = await StubServer.start(uncounted(vllmStub(other, { maxTokens: 4096 })))
    const against = `against: { openai: { url: '${server.root}/v1' } }`
    const bad = await sweepboard(
      'run',
      place.write('bad.yaml', readFileSync(file, 'utf8').replace('against: onnx', against)),
      '--data',
      data,
      '--json',
    )
    await server.stop()
    expect(bad.exit).toBe(1)
    expect(readEvents(bad.stdout)[0]).toMatchObject({ event: 'consistency', holds: false })
    expect(readEvents(bad.stdout).at(-1)).toMatchObject({ event: 'done', state: 'done', exit: 1 })
    const history = await sweepboard('consistency', '--history', '--data', data, '--json')
    expect(JSON.parse(history.stdout)).toHaveLength(2)
  }, 60_000)
})
