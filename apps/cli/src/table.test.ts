import { describe, expect, it } from 'vitest'
import { visible } from './output.ts'
import { formatCount, formatSeconds, progressLine } from './progress.ts'
import { displayWidth, fit, renderTable } from './table.ts'

describe('displayWidth and fit', () => {
  it.each([
    ['abc', 3],
    ['中文', 4],
    ['한국어', 6],
    ['ｶﾅ', 2],
    ['é', 1],
    ['🚀', 2],
    ['', 0],
  ])('%s takes %i columns', (text, width) => {
    expect(displayWidth(text)).toBe(width)
  })

  it('cuts at columns, never through a wide letter', () => {
    expect(fit('abcdef', 4)).toBe('abc…')
    expect(fit('中文模型', 5)).toBe('中文…')
    expect(fit('中文模型', 4)).toBe('中…')
    expect(fit('abc', 3)).toBe('abc')
  })
})

describe('renderTable', () => {
  const columns = [{ title: 'model' }, { title: 'score', align: 'right' as const }]

  it('aligns columns under wide letters and shrinks the widest to the terminal', () => {
    const lines = renderTable(
      columns,
      [
        ['中文', '0.5'],
        ['plain', '0.25'],
      ],
      80,
    ).split('\n')
    expect(lines).toEqual(['model  score', '中文     0.5', 'plain   0.25'])
    const narrow = renderTable(columns, [['a-very-long-model-name', '0.5']], 20).split('\n')
    expect(Math.max(...narrow.map(displayWidth))).toBeLessThanOrEqual(20)
    expect(narrow[1]).toContain('…')
  })

  it('shows escape sequences of hostile names instead of sending them', () => {
    const text = renderTable(columns, [['\u001b[31mred\u202e', '1']], 80)
    expect(text).not.toContain('\u001b')
    expect(text).toContain('\\u001b[31mred\\u202e')
    expect(visible('a\nb\u0007')).toBe('a\nb\\u0007')
  })
})

describe('progress', () => {
  const view = {
    sweep: 's',
    cellsDone: 1,
    cellsFailed: 1,
    cellsTotal: 4,
    tokensDone: 500,
    tokensTotal: 1000,
    tokensPerSecond: 1234,
    etaSeconds: 75,
    phase: 'encoding',
  }

  it('says cells, failures, tokens, rate and ETA, with a bar where there is room', () => {
    const line = progressLine(view, 120)
    expect(line).toMatch(/^\[#{15}\.{15}\] 1\/4 cells · 1 failed · 500\/1\.0k tokens · 1\.2k tokens\/s · ETA 75 s · encoding$/)
    expect(progressLine(view, 40).length).toBeLessThan(40)
    expect(progressLine({ ...view, tokensTotal: 0, cellsTotal: 0, tokensPerSecond: null, etaSeconds: null }, 120)).not.toContain(
      'NaN',
    )
  })

  it.each([
    [9.96, '10.0 s'],
    [75, '75 s'],
    [119.7, '2 min 00 s'],
    [3599.6, '60 min 00 s'],
    [7199, '2 h 00 min'],
  ])('%d s reads %s', (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text)
  })

  it.each([
    [950, '950'],
    [12_345, '12.3k'],
    [999_999, '1.00M'],
    [4_560_000, '4.56M'],
  ])('%d reads %s', (count, text) => {
    expect(formatCount(count)).toBe(text)
  })
})

describe('renderTable in a narrow terminal', () => {
  const columns = [
    { title: 'sweep', min: 8 },
    { title: 'id', min: 10 },
    { title: 'created', min: 10, isOptional: true },
  ]
  const rows = [['a-sweep-with-a-long-name', '0123456789', '2026-11-21']]

  it('shrinks what may shrink, then leaves out what is optional, never cutting an id', () => {
    expect(renderTable(columns, rows, 60)).toBe(
      'sweep                     id          created\na-sweep-with-a-long-name  0123456789  2026-11-21',
    )
    expect(renderTable(columns, rows, 32)).toBe('sweep     id          created\na-sweep…  0123456789  2026-11-21')
    expect(renderTable(columns, rows, 31)).toBe('sweep                id\na-sweep-with-a-lon…  0123456789')
  })
})
