import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { judgeScores } from './judge-scores.ts'
import { readResultFile } from './mteb-import.ts'
import { findTable, type ScoreTable, toScoreTables } from './score-table.ts'
import { sayWhose, whoseNumbers } from './whose-numbers.ts'

const RESULTS = fileURLToPath(new URL('../../../../shared/mteb-results/', import.meta.url))

function table(model: string, metrics: Readonly<Record<string, number | null>>, mainScore: number | null = 0.5): ScoreTable {
  const entries = [{ split: 'test', subset: 'default', mainScore, metrics }]
  return { model, revision: '1', datasetRevision: '', origin: '', seconds: null, entries }
}

describe('distance to published numbers', () => {
  it('is the mean absolute difference over shared finite metrics, nAUC apart', () => {
    const ours = table('mine', { a: 0.5, b: 0.25, only_mine: 1, undefined_here: null, nauc_a: 0.5 })
    const [found] = whoseNumbers(ours, [table('x', { a: 0.5, b: 0.75, only_theirs: 0, undefined_here: 0.9, nauc_a: -0.5 })])
    expect(found).toMatchObject({ distance: 0.25, keyCount: 2, equalCount: 1, naucDistance: 1, naucCount: 1 })
  })

  it('ranks the nearest first and leaves out who shares nothing', () => {
    const found = whoseNumbers(table('mine', { a: 0.5 }), [
      table('far', { a: 0.9 }),
      table('near', { a: 0.51 }),
      { ...table('other', { a: 0.5 }), entries: [] },
    ])
    expect(found.map(({ model }) => model)).toEqual(['near', 'far'])
  })

  it('suspects the weights only where a stranger is nearer and the score is missed', () => {
    const tables = [table('claimed', { a: 0.9, b: 0.9 }), table('stranger', { a: 0.5, b: 0.6 })]
    const distances = whoseNumbers(table('mine', { a: 0.5, b: 0.7 }), tables)
    const claimed = tables[0] as ScoreTable
    expect(sayWhose(distances, claimed, true)).toMatch(
      /^The numbers lie 6\.0 times nearer to stranger .* 1 of 2 are equal to stranger's: first suspicion, the wrong weights/,
    )
    expect(sayWhose(distances, claimed, false)).not.toContain('wrong weights')
    expect(sayWhose(whoseNumbers(claimed, tables), claimed, true)).toMatch(/^The numbers lie nearest to claimed's own/)
  })

  it("suspects them although the score passes where most numbers are a stranger's to the digit, not where a few saturate", () => {
    const claimed = table('claimed', { a: 0.901, b: 0.902, c: 0.903, d: 0.904, e: 1 })
    const stranger = table('stranger', { a: 0.911, b: 0.912, c: 0.913, d: 0.914, e: 1 })
    const say = (mine: ScoreTable) => sayWhose(whoseNumbers(mine, [claimed, stranger]), claimed, false)
    expect(say({ ...stranger, model: 'mine' })).toMatch(/5 of 5 are equal to stranger's: first suspicion, the wrong weights/)
    expect(say(table('mine', { a: 0.91, b: 0.911, c: 0.912, d: 0.913, e: 1 }))).not.toContain('wrong weights')
    expect(say({ ...claimed, model: 'mine' })).toMatch(/^The numbers lie nearest to claimed's own/)
  })
})

describe('the verdict', () => {
  it('passes within the tolerance to the fifth decimal, on both sides', () => {
    const published = table('p', {}, 0.5)
    const outcome = (score: number) => judgeScores(table('o', {}, score), published, { tolerance: 0.015 }).outcome
    expect([0.515, 0.485, 0.51502, 0.48498].map(outcome)).toEqual(['PASS', 'PASS', 'FAIL', 'FAIL'])
  })

  it('fails without a shared entry, with an undefined score, and beyond the time budget', () => {
    const published = table('p', {}, 0.5)
    const other = { ...table('o', {}), entries: [{ split: 'dev', subset: 'default', mainScore: 0.5, metrics: {} }] }
    expect(judgeScores(other, published, { tolerance: 0.1 })).toMatchObject({
      outcome: 'FAIL',
      gap: null,
      missing: ['test default'],
    })
    expect(judgeScores(table('o', {}, null), published, { tolerance: 0.1 }).outcome).toBe('FAIL')
    const slow = { ...table('o', {}, 0.5), seconds: 11 }
    expect(judgeScores(slow, published, { tolerance: 0.1, budgetSeconds: 10 })).toMatchObject({
      outcome: 'FAIL',
      isWithinBudget: false,
    })
    expect(judgeScores(slow, published, { tolerance: 0.1, budgetSeconds: 12 }).outcome).toBe('PASS')
  })

  it('finds a model by its full name first, then by the name after the slash, and by revision', () => {
    const tables = [table('org/mini', {}), { ...table('org/mini', {}), revision: '2' }, table('other/mini', {})]
    expect(findTable(tables, 'org/mini')?.revision).toBe('2')
    expect(findTable(tables, 'org/mini@1')?.revision).toBe('1')
    expect(findTable(tables, 'local/MINI')?.model).toBe('other/mini')
    expect(findTable(tables, 'local/maxi')).toBeNull()
  })
})

describe.skipIf(!existsSync(RESULTS))('published files (needs ../shared)', () => {
  it('each model is nearest to itself, and the published 4B handed in as the 8B is named', () => {
    const files = readdirSync(RESULTS, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('/AILAStatutes.json'),
    )
    const tables = toScoreTables(
      files.flatMap((file) => {
        const read = readResultFile(RESULTS + file, RESULTS)
        return 'rows' in read ? read.rows : []
      }),
    )
    expect(tables.length).toBeGreaterThan(5)
    for (const one of tables) expect(whoseNumbers(one, tables)[0]).toMatchObject({ model: one.model, distance: 0 })
    const [small, big] = [findTable(tables, 'Qwen3-Embedding-4B'), findTable(tables, 'Qwen3-Embedding-8B')] as [
      ScoreTable,
      ScoreTable,
    ]
    const verdict = judgeScores(small, big, { tolerance: 0.015 })
    expect(verdict).toMatchObject({ outcome: 'FAIL' })
    expect(sayWhose(whoseNumbers(small, tables), big, true)).toContain('wrong weights')
  })
})
