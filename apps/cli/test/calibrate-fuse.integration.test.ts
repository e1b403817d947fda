import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPlace, type Place, sweepboard } from './command.ts'

const QUERIES = 24
const DOCUMENTS = 20

/** Numbers between 0 and 1 that are the same in every run. */
function* drawn(): Generator<number, never> {
  for (let state = 12345; ; ) {
    state = (state * 1103515245 + 12345) % 2 ** 31
    yield state / 2 ** 31
  }
}

let place: Place
let files: { small: string; large: string; logits: string; bent: string; lexical: string; qrels: string }
beforeAll(() => {
  place = openPlace()
  const random = drawn()
  const lines: Record<string, string[]> = { small: [], large: [], logits: [], bent: [], lexical: [], qrels: [] }
  for (let q = 0; q < QUERIES; q += 1) {
    for (let d = 0; d < DOCUMENTS; d += 1) {
      const [truth, noise, other] = [6 * random.next().value - 3, random.next().value - 0.5, random.next().value - 0.5]
      const line = (score: number) => `q${q} Q0 d${d} 1 ${score} x`
      const logit = truth + 0.4 * noise
      lines.small?.push(line(truth))
      lines.logits?.push(line(logit))
      lines.large?.push(line(1 / (1 + Math.exp(-logit))))
      lines.bent?.push(line(Math.sin(2 * truth) / 2 + 0.5))
      lines.lexical?.push(line(10 + 4 * truth + 30 * other))
      lines.qrels?.push(`q${q} 0 d${d} ${truth > 2 ? 2 : truth > 1.5 ? 1 : 0}`)
    }
  }
  const write = (name: string) => place.write(`${name}.trec`, `${lines[name]?.join('\n')}\n`)
  files = {
    small: write('small'),
    large: write('large'),
    logits: write('logits'),
    bent: write('bent'),
    lexical: write('lexical'),
    qrels: write('qrels'),
  }
})
afterAll(() => place.remove())

interface Errors {
  readonly mae: number
  readonly rmse: number
  readonly spearman: number
  readonly kendall: number
  readonly queryCount: number
  readonly pairCount: number
}
interface Calibrated {
  readonly errors: { readonly fit: Errors; readonly heldOut: Errors; readonly uncalibrated: Errors }
  readonly falling: readonly (readonly [number, number])[]
  readonly pairs: number
}

describe('calibrate', () => {
  it.each(['cubic', 'linear', 'isotonic'])(
    '%s: fitted on one part, judged on the other, within what noise allows',
    async (kind) => {
      const { exit, stdout } = await sweepboard('calibrate', files.small, files.large, '--kind', kind, '--json')
      expect(exit).toBe(0)
      const { errors, falling, pairs } = JSON.parse(stdout) as Calibrated
      expect(pairs).toBe(QUERIES * DOCUMENTS)
      expect(errors.fit).toMatchObject({ queryCount: 12, pairCount: 240 })
      expect(errors.heldOut).toMatchObject({ queryCount: 12, pairCount: 240 })
      expect(errors.heldOut.mae).toBeLessThan(kind === 'linear' ? 0.05 : 0.03)
      expect(errors.heldOut.rmse).toBeLessThan(errors.uncalibrated.rmse / 10)
      expect(errors.heldOut.kendall).toBeGreaterThan(0.9)
      // A cubic through an S falls a little at either end, and says so.
      if (kind !== 'cubic') expect(falling).toEqual([])
    },
  )

  it('keeps a file that maps other runs into [0, 1], in the same order', async () => {
    const file = join(place.folder, 'map.json')
    const mapped = join(place.folder, 'mapped.trec')
    expect((await sweepboard('calibrate', files.small, files.large, '-o', file)).exit).toBe(0)
    expect((await sweepboard('calibrate', files.logits, '--apply', file, '-o', mapped)).exit).toBe(0)
    const rows = readFileSync(mapped, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
    expect(rows).toHaveLength(QUERIES * DOCUMENTS)
    const first = rows
      .filter(([query]) => query === 'q0')
      .map(([, , , rank, score]) => ({ rank: Number(rank), score: Number(score) }))
    expect(first.map(({ rank }) => rank)).toEqual(Array.from({ length: DOCUMENTS }, (_, i) => i + 1))
    for (const [i, { score }] of first.entries()) {
      expect(score).toBeGreaterThanOrEqual(0)
      expect(score).toBeLessThanOrEqual(first[i - 1]?.score ?? 1)
    }
    const damaged = place.write(
      'damaged.json',
      readFileSync(file, 'utf8').replace(/"coefficients": \[[^\]]*\]/, '"coefficients": [1]'),
    )
    expect((await sweepboard('calibrate', files.logits, '--apply', damaged)).stderr).toContain('SB-FILE-008')
  })

  it('warns where a cubic falls, with the interval; an isotonic curve never does', async () => {
    const cubic = await sweepboard('calibrate', files.small, files.bent, '--json')
    const { falling } = JSON.parse(cubic.stdout) as Calibrated
    expect(falling.length).toBeGreaterThan(0)
    expect(cubic.stderr).toMatch(/not monotone: between the scores -?[\d.]+ and -?[\d.]+/)
    const isotonic = await sweepboard('calibrate', files.small, files.bent, '--kind', 'isotonic')
    expect(isotonic.stderr).toBe('')
  })

  it('takes labels as a target, and log odds or ranges when told', async () => {
    const labels = await sweepboard('calibrate', files.small, '--labels', files.qrels, '--kind', 'isotonic', '--json')
    expect((JSON.parse(labels.stdout) as Calibrated).errors.heldOut.mae).toBeLessThan(0.03)
    for (const form of ['sigmoid', 'minmax']) {
      const { exit, stdout } = await sweepboard('calibrate', files.small, files.logits, '--target', form, '--json')
      expect(exit).toBe(0)
      expect((JSON.parse(stdout) as Calibrated).errors.heldOut.mae).toBeLessThan(0.05)
    }
    const raw = await sweepboard('calibrate', files.small, files.logits)
    expect(raw.exit).toBe(2)
    expect(raw.stderr).toMatch(/SB-SCORE-005.*target scores lie outside \[0, 1\]/)
  })

  it('the seed alone decides the parts', async () => {
    const errorsOf = async (seed: string) =>
      (JSON.parse((await sweepboard('calibrate', files.small, files.large, '--seed', seed, '--json')).stdout) as Calibrated)
        .errors
    const [first, again, other] = [await errorsOf('1'), await errorsOf('1'), await errorsOf('2')]
    expect(again).toEqual(first)
    expect(other).not.toEqual(first)
  })
})

interface Fused {
  readonly weights: readonly number[]
  readonly scores: readonly { readonly name: string; readonly metrics: Readonly<Record<string, number>> }[] | null
  readonly fit: {
    readonly seed: string
    readonly fitQueries: number
    readonly rows: readonly { name: string; fit: number; heldOut: number }[]
  } | null
}

describe('fuse', () => {
  it('writes a run that its own score command reads, with the metrics it printed', async () => {
    const out = join(place.folder, 'fused.trec')
    const { exit, stdout } = await sweepboard(
      'fuse',
      files.bent,
      files.lexical,
      '--qrels',
      files.qrels,
      '-o',
      out,
      '-m',
      'ndcg_cut.10,map',
      '--json',
    )
    expect(exit).toBe(0)
    const { scores, weights } = JSON.parse(stdout) as Fused
    expect(weights).toEqual([0.5, 0.5])
    const scored = await sweepboard('score', out, files.qrels, '-m', 'ndcg_cut.10,map', '--json')
    expect(scores?.at(-1)).toEqual({ name: 'fused', metrics: (JSON.parse(scored.stdout) as { all: unknown }).all })
  })

  it('weights of 1 and 0 give back the first run, whatever is done to its scores', async () => {
    for (const normalise of ['minmax', 'zscore', 'none']) {
      const { stdout } = await sweepboard(
        ...['fuse', files.lexical, files.bent, '--method', 'weighted', '--normalise', normalise, '--weights', '1,0'],
        ...['--qrels', files.qrels, '--json'],
      )
      const [first, , fused] = (JSON.parse(stdout) as Fused).scores ?? []
      expect(fused?.metrics).toEqual(first?.metrics)
    }
  })

  it('fits weights on one part and shows what they are worth on the other', async () => {
    const { exit, stdout } = await sweepboard(
      ...['fuse', files.small, files.lexical, '--method', 'weighted', '--fit', 'ndcg_cut.10', '--qrels', files.qrels, '--json'],
    )
    expect(exit).toBe(0)
    const { weights, fit } = JSON.parse(stdout) as Fused
    expect(fit).toMatchObject({ seed: '42', fitQueries: 12, heldOutQueries: 12 })
    expect(weights[0]).toBeGreaterThan(weights[1] as number) // the first run knows the truth, the second much noise
    const [alone, , equal, best] = fit?.rows ?? []
    for (const one of [alone, equal]) expect(best?.fit).toBeGreaterThanOrEqual(one?.fit as number)
    expect(best?.heldOut).toBeGreaterThan(equal?.heldOut as number)
  })

  it.each([
    [['one.trec'], 2, 'SB-SPEC-004: runs: name two or more'],
    [['small', 'large', '--weights', '1'], 2, '1 weights for 2 runs'],
    [['small', 'large', '--fit', 'ndcg_cut.10'], 2, '--qrels'],
    [['small', 'large', '--fit', 'nonsense', '--qrels', 'qrels'], 2, 'nonsense'],
    [['small', 'large', '--fit', 'P.5,10', '--qrels', 'qrels'], 2, 'fitted on one'],
    [['small', 'large', '-m', 'nonsense', '--qrels', 'qrels', '-o', 'unwritten.trec'], 2, 'nonsense'],
    [['small', 'missing.trec'], 3, 'SB-FILE-001'],
    [['small', 'qrels'], 2, 'SB-SCORE-003'],
    [['SciFact:local/m', 'small'], 3, 'SB-LEDGER-009'],
  ] as const)('refuses %j', async (words, exit, message) => {
    const unwritten = join(place.folder, 'unwritten.trec')
    const args = words.map((word) => files[word as keyof typeof files] ?? (word === 'unwritten.trec' ? unwritten : word))
    const ended = await sweepboard('fuse', ...args, '--data', join(place.folder, 'none'))
    expect(ended.exit).toBe(exit)
    expect(ended.stderr).toContain(message)
    expect(ended.stdout).toBe('')
    expect(existsSync(unwritten)).toBe(false)
  })
})

describe('stored runs', () => {
  it('are fused and calibrated by task and model, judged by their own task', async () => {
    const spec = place.write(
      'sweep.yaml',
      'sweep: s\ntasks: [SemanticTrapsEn]\nmodels: [local/pocket-static-en, mteb/baseline-random-encoder]\n',
    )
    expect((await sweepboard('run', spec, '--data', place.data, '--no-serve', '--json')).exit).toBe(0)
    const runs = ['SemanticTrapsEn:local/pocket-static-en', 'SemanticTrapsEn:mteb/baseline-random-encoder']
    const fused = await sweepboard(
      'fuse',
      ...runs,
      '--method',
      'weighted',
      '--fit',
      'ndcg_cut.10',
      '--data',
      place.data,
      '--json',
    )
    expect(fused.exit).toBe(0)
    const { scores } = JSON.parse(fused.stdout) as Fused
    expect(scores?.map(({ name }) => name)).toEqual([...runs, 'fused'])
    expect(scores?.[0]?.metrics.ndcg_cut_10).toBeGreaterThan(scores?.[1]?.metrics.ndcg_cut_10 as number)
    const mapped = await sweepboard('calibrate', ...runs, '--target', 'minmax', '--data', place.data, '--json')
    expect(mapped.exit).toBe(0)
    expect((JSON.parse(mapped.stdout) as Calibrated).pairs).toBeGreaterThan(100)
    const missing = await sweepboard('fuse', 'SemanticTrapsEn:local/none', runs[0] as string, '--data', place.data)
    expect(missing.exit).toBe(3)
    expect(missing.stderr).toContain('SB-FILE-006')
    expect(existsSync(join(place.data, 'ledger.db'))).toBe(true)
  }, 60_000)
})
