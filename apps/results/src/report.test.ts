import { Config, Load, Recipe, sha256 } from '@sweepboard/contracts'
import type { CellView, EncodingEvidence, SweepStatus } from '@sweepboard/ledger'
import { writePerQuery } from '@sweepboard/scoring'
import { describe, expect, it } from 'vitest'
import { buildReport, type SweepReport } from './report.ts'
import { reportHtml } from './report-html.ts'
import { reportMarkdown } from './report-markdown.ts'
import { resourceRows } from './resources.ts'

const HOSTILE = '</script><img src=x onerror=alert(1)>|`*"\u202egnp'
const QUERIES = 60

interface Made {
  readonly model: string
  readonly task: string
  readonly scores: Float64Array
  readonly parameters?: number | null
  readonly encoding?: number
}

const files = new Map<string, Uint8Array>()

function encodingOf(encoding: number): EncodingEvidence {
  const counts = {
    textCount: 100,
    tokenCount: 2000,
    paddedTokenCount: 2100,
    truncatedCount: 5,
    controlTokenCount: 0,
    emptyTextCount: 0,
  }
  const where = { hosts: ['h'], engines: ['onnx 1'], providers: ['cpu'], dtypes: ['float32'], devices: ['cpu'], codes: ['c'] }
  const costs = { encodeSeconds: 2, loadSeconds: 0.5, peakMemoryBytes: 2 ** 28, weightsBytes: 2 ** 20, energyJoules: null }
  const queryMs = encoding === 1 ? [4, 1, 2, 3] : []
  return { encoding, chunkCount: 1, batchCount: 1, splitCount: 0, dim: 8, queryMs, ...counts, ...where, ...costs }
}

function cell({ model, task, scores, parameters = null, encoding = 1 }: Made): CellView {
  const perQuery = `${model} ${task}`
  files.set(perQuery, writePerQuery({ queryIds: Array.from(scores, (_, i) => `q${i}`), values: { ndcg_at_10: scores } }))
  const mainScore = scores.reduce((sum, one) => sum + one, 0) / scores.length
  const identity = { engine: 'onnx', weights: null, dtype: 'float32', provider: 'cpu', options: {}, fingerprint: null }
  const load = Load.parse({
    key: sha256(model),
    model,
    revision: '1',
    identity,
    open: {},
    memoryBytes: 1,
    parameterCount: parameters,
  })
  const side = encodingOf(encoding)
  return {
    ...{ group: 1, model, revision: '1', variant: '', recipeVariant: '', recipeKey: model, load, reranker: null },
    recipe: Recipe.parse({ query: {}, document: {}, similarity: 'cosine', dimensions: 8 }),
    ...{
      task,
      taskType: 'Retrieval',
      taskKey: task,
      subset: 'default',
      split: 'test',
      languages: [],
      unclaimed: [],
      mainScoreName: 'ndcg_at_10',
    },
    ...{ datasetRevision: null, counts: null, limit: null, configKey: 'c', state: 'scored', mainScore, failure: null },
    config: Config.parse({ dimensions: null, precision: 'float32', similarity: 'cosine' }),
    metrics: { ndcg_at_1: 0.1, ndcg_at_10: mainScore, recall_at_10: 0.5, nauc_ndcg_at_10_max: null },
    evidence: { score: null, query: side, document: side, pairs: [] },
    pairSets: [],
    ...{ run: null, perQuery, judgments: null, scoredAt: null },
  } as CellView
}

const status = (name = 'a sweep') =>
  ({
    ...{ id: 's1', name, state: 'done', createdAt: '2026-01-01T00:00:00.000Z', isLimited: false },
    cells: { scored: 4, failed: 0, waiting: 0, total: 4 },
  }) as SweepStatus

const flat = (score: number, lift: (i: number) => number = () => 0) =>
  Float64Array.from({ length: QUERIES }, (_, i) => score + lift(i))
/** Noise that adds up to nothing. */
const noise = (i: number) => (i % 2 ? 0.1 : -0.1)

function report(cells: readonly CellView[], baseline?: string, name?: string): Promise<SweepReport> {
  return buildReport({ status: status(name), cells, artifact: async (digest) => files.get(digest) ?? null, baseline })
}

const TWO = [
  cell({ model: 'org/base', task: 'A', scores: flat(0.5), parameters: 1e6 }),
  cell({ model: 'org/other', task: 'A', scores: flat(0.6, noise), parameters: 1e7, encoding: 2 }),
  cell({ model: 'org/base', task: 'B', scores: flat(0.5), parameters: 1e6 }),
  cell({ model: 'org/other', task: 'B', scores: flat(0.505, noise), parameters: 1e7, encoding: 2 }),
]

describe('a report', () => {
  it('compares with the baseline query by query, Holm over tasks, and says what can be told', async () => {
    const { deltas, findings, baseline, systems } = await report(TWO)
    expect([baseline, systems.map(({ name }) => name)]).toEqual([0, ['org/base', 'org/other']])
    const [a, b] = deltas
    expect(a).toMatchObject({ delta: expect.closeTo(0.1, 9), queryCount: QUERIES })
    expect(a?.interval?.low).toBeGreaterThan(0.05)
    expect(a?.pHolm).toBeCloseTo(2 * (a?.p as number), 9)
    expect(b?.pHolm).toBeGreaterThan(0.05)
    expect(findings).toContain('org/other is better than org/base on A +0.1000 (Holm, p ≤ 0.05).')
    expect(findings.some((one) => /is better .* B/.test(one))).toBe(false)
    expect(findings).toContain('org/other is 10.0 times as large as org/base; its Mean (Task) is 0.0525 higher.')
  })

  it('takes the baseline that is named, whole name first; an unknown one leaves none', async () => {
    expect((await report(TWO, 'other')).deltas.map(({ delta }) => delta < 0)).toEqual([true, true])
    expect((await report(TWO, 'nobody')).baseline).toBeNull()
  })

  it('leaves intervals unknown where scores by query are gone', async () => {
    const gone = await buildReport({ status: status(), cells: TWO, artifact: async () => null })
    expect(gone.deltas.every(({ interval, p }) => interval === null && p === null)).toBe(true)
    expect(gone.findings.some((one) => one.includes('cannot be said whether that is chance'))).toBe(true)
    expect(reportMarkdown(gone)).toContain('unknown')
  })

  it('marks scores in a language that the model does not claim', async () => {
    const cells = TWO.map((one, i) => (i === 0 ? { ...one, unclaimed: ['cmn-Hans'] } : one))
    const found = await report(cells)
    expect(found.entries[0]?.unclaimed).toEqual({ 0: ['cmn-Hans'] })
    expect(reportMarkdown(found)).toMatch(/language not claimed by the model/)
    expect(reportHtml(found)).toMatch(/\d\*</)
    expect(reportMarkdown(await report(TWO))).not.toContain('not claimed')
  })

  it('is written twice alike, and without scores too', async () => {
    expect(reportHtml(await report(TWO))).toBe(reportHtml(await report(TWO)))
    expect(reportHtml(await report([]))).toContain('No score yet.')
  })

  it('a hostile name is text wherever it stands', async () => {
    const cells = TWO.map((one) => ({ ...one, model: one.model === 'org/other' ? HOSTILE : one.model }))
    const found = await report(cells, undefined, HOSTILE)
    const html = reportHtml(found)
    expect(html).not.toContain('<img')
    expect(html).not.toContain('\u202e')
    expect(html.match(/<\/script>/g)).toHaveLength(1)
    const data = /<script type="application\/json" id="report">(.*)<\/script>/s.exec(html)?.[1] as string
    expect(JSON.parse(data)).toEqual(JSON.parse(JSON.stringify(found)))
    const markdown = reportMarkdown(found)
    expect(markdown).not.toMatch(/<img|<\/script/)
    const rows = markdown.split('\n').filter((line) => line.startsWith('| ') && line.includes('onerror'))
    expect(rows.length).toBeGreaterThan(2)
  })
})

describe('resources', () => {
  it('counts an encoding once however many cells share it; percentiles are measured values', () => {
    const [base] = resourceRows(TWO)
    expect(base).toMatchObject({
      ...{ textCount: 100, tokenCount: 2000, encodeSeconds: 2, textsPerSecond: 50, tokensPerSecond: 1000 },
      ...{ weightsBytes: 2 ** 20, queryMs: { p50: 2, p95: 4, count: 4 } },
      ...{ energyJoules: null, energyReason: 'no host could read its energy counter' },
    })
    expect(resourceRows(TWO)[1]?.queryMs).toBeNull()
  })
})
