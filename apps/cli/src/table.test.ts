import { describe, expect, it } from 'vitest'
import { displayWidth } from './display-width.ts'
import { visible } from './output.ts'
import { formatCount, formatSeconds, progressLine } from './progress.ts'
import { fit, renderTable } from './table.ts'

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

describe('names', () => {
  const columns = [
    { title: 'model', min: 8, isName: true },
    { title: 'score', align: 'right' as const },
  ]
  const cut = (width: number, names: readonly string[]) =>
    renderTable(
      columns,
      names.map((name) => [name, '0.5']),
      width,
    )
      .split('\n')
      .slice(1)
      .map((line) => line.replace(/ +0\.5$/, ''))

  it('are cut in their middle, so that the size stays', () => {
    expect(cut(23, ['Qwen/Qwen3-Embedding-0.6B', 'Qwen/Qwen3-Embedding-8B'])).toEqual(['Qwen/Qwen3…-0.6B', 'Qwen/Qwen3…ng-8B'])
  })

  it.each([
    [['org/one-model-of-some-kind-a-x', 'org/one-model-of-some-kind-b-x']],
    [['org/a-model [instruction: none, by tiny-reranker@10 only]', 'org/a-model [instruction: none, by tiny-reranker@20 only]']],
    [['org/first-name-long-tail-of-it', 'org/other-name-long-tail-of-it', 'org/third-name-long-tail-of-it']],
  ])('that differ never read alike: %j', (names) => {
    for (const width of [20, 24, 30, 40]) expect(new Set(cut(width, names)).size).toBe(names.length)
  })

  it('take the room they need where no cut tells them apart', () => {
    const names = ['a', 'b'].flatMap((one) => ['c', 'd'].map((two) => `${one}${'-'.repeat(9)}${two}${'-'.repeat(9)}`))
    expect(new Set(cut(16, names)).size).toBe(4)
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
