import type { ComparedTask, Comparison, JudgedHistory, JudgedResult } from '@sweepboard/results'
import { describe, expect, it } from 'vitest'
import { comparisonRecords, showComparison } from './comparison-table.ts'
import { displayWidth } from './display-width.ts'
import { showHistory } from './history-table.ts'

const HOSTILE = 'evil/\u202egnp.\u001b[31mexe\nA is better'
const widest = (text: string) => Math.max(...text.split('\n').map(displayWidth))

function compared(task: string, more: Partial<ComparedTask> = {}): ComparedTask {
  const test = { interval: { low: 0.0421, high: 0.1044 }, p: 0.0001, queryCount: 300, wins: 82, ties: 179, losses: 39 }
  const scores = { mainScore: 'ndcg_at_10', a: 0.6863, b: 0.6138, delta: 0.0725, isSameData: true, entryCount: 1 }
  return { task, ...scores, test, pHolm: 0.0002, untested: null, ...more }
}

function comparison(tasks: readonly ComparedTask[]): Comparison {
  const row = {
    model: 'm',
    revision: '1',
    variant: '',
    config: null,
    fullDimensions: null,
    origin: 'ours',
    recipe: null,
  } as const
  const mean = { a: 0.5, b: 0.4, delta: 0.1, test: null }
  const leftOut = ['de', 'fr'].map((subset) => ({ task: 'Left', subset, split: 'test', why: 'no result of B' }))
  const method = { seed: 1, rounds: 2, level: 0.95 }
  return {
    sentence: `${HOSTILE} and much that is said of it, so much that it needs another line.`,
    a: { name: HOSTILE, ...row },
    b: { name: 'b', ...row },
    mean,
    tasks,
    leftOut,
    method,
  }
}

describe('a comparison on a terminal', () => {
  it('fits 60 columns with scores, difference and interval, and shows hostile names as they are', () => {
    const tasks = [
      compared('SciFact'),
      compared('ClimateFEVERHardNegatives', { test: null, pHolm: null, untested: 'why', entryCount: 3, isSameData: false }),
    ]
    const shown = showComparison(comparison(tasks), 60)
    expect(widest(shown)).toBeLessThanOrEqual(60)
    expect(shown).toMatch(/^SciFact +0\.6863 +0\.6138 +\+0\.0725\* +\+0\.042 to \+0\.104/m)
    expect(shown).toMatch(/^Mean \(Task\) .*0\.5000 +0\.4000 +\+0\.1000/m)
    expect(shown).toContain('* told apart')
    expect(shown).toContain('no interval, why: ClimateFEVERHardNegatives')
    expect(shown).toContain('left out, no result of B: Left (de, test), Left (fr, test)')
    for (const hidden of ['\u202e', '\u001b', '\nA is better']) expect(shown).not.toContain(hidden)
    expect(shown).toContain('\\u202e')
    expect(comparisonRecords(comparison(tasks)).map((record) => record.length)).toEqual([14, 14, 14, 14])
  })
})

describe('a history on a terminal', () => {
  it('fits 60 columns, marks its steps and says what the marks are', () => {
    const result = {
      at: '2026-11-22T12:08:00.000Z',
      sweep: { id: 's', name: HOSTILE },
      name: 'm',
      parts: [],
      model: 'm',
      revision: '0123456789abcdef',
    }
    const more = {
      config: { dimensions: null, precision: 'float32', similarity: 'cosine' },
      isShown: true,
      limit: null,
      mainScore: 'ndcg_at_10',
      score: 0.5,
    }
    const where = {
      entryCount: 1,
      engines: ['onnx 1.30.0'],
      providers: ['cpu'],
      dtypes: ['float32'],
      devices: ['d'],
      codes: ['0.1.0+8c6a74d7da8c'],
    }
    const step = {
      at: '',
      changes: [{ field: 'revision', from: '', to: 'x'.repeat(99) }],
      delta: -0.1,
      test: null,
      isBeyond: null,
      isVersionOnly: true,
    }
    const results = [null, step, { ...step, isBeyond: true, isVersionOnly: false }, { ...step, delta: null }].map(
      (before) => ({ ...result, ...more, ...where, before }) as JudgedResult,
    )
    const published = [
      { name: 'p', model: 'org/m', revision: '4e42393', datasetRevision: '', origin: '', score: 0.4, entryCount: 1 },
    ]
    const history: JudgedHistory = { model: HOSTILE, task: 'T', mainScore: 'ndcg_at_10', total: 9, results, published }
    const shown = showHistory(history, 60)
    expect(widest(shown)).toBeLessThanOrEqual(60)
    expect(shown).toContain('the newest 4 of 9 results, 1')
    expect(shown).toMatch(/^2026-11-22 12:08 +0\.5000 +−0\.1000 v\? +main/m)
    expect(shown).toMatch(/^2026-11-22 12:08 +0\.5000 +−0\.1000 ! {2}/m)
    expect(shown).toMatch(/^published +0\.4000 +org\/m/m)
    for (const mark of ['!', 'v', '?', '≠']) expect(shown.split('\n').some((line) => line.startsWith(`${mark} `))).toBe(true)
    expect(shown).toContain('revision none →\nxxx')
    for (const hidden of ['\u202e', '\u001b', '\nA is better']) expect(shown).not.toContain(hidden)
    expect(showHistory(history, 140)).toContain('0.1.0+8c6a74d7da8c')
  })
})
