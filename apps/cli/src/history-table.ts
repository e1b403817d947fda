import { briefRevision } from '@sweepboard/contracts'
import { type JudgedHistory, type JudgedResult, showP, signed } from '@sweepboard/results'
import { formatScore } from './board-table.ts'
import { visibleLine } from './output.ts'
import { type Column, fit, renderTable, terminalWidth } from './table.ts'
import { wrap } from './wrap.ts'

/** Steps whose changes are told; the newest. */
const TOLD = 8
/** Columns of one value of a change. */
const VALUE = 40

/** What stands behind a difference, and what that means, in order of weight. */
const MARKS = {
  '!': 'changed more than its confidence allows: paired over the queries, p ≤ 0.05',
  v: 'nothing but versions differs from the one before: weights, engine, code',
  '?': 'no scores by query of both: whether that is chance is not known',
  '≠': 'no difference: scored on other data or subsets than the one before',
} as const
type Mark = keyof typeof MARKS

/** A line a result, the oldest first, what was published below; then what changed from one to the next. */
export function showHistory(history: JudgedHistory, width = terminalWidth()): string {
  const { model, task, mainScore, results, total, published } = history
  const shown = results.length < total ? `the newest ${results.length} of ${total} results` : count(total, 'result')
  const title = `${model} on ${task}, ${mainScore}: ${shown}${published.length > 0 ? `, ${published.length} published` : ''}`
  const marks = new Set(results.flatMap(marksOf))
  const legend = (Object.keys(MARKS) as Mark[]).filter((mark) => marks.has(mark)).map((mark) => `${mark} ${MARKS[mark]}`)
  const blocks = [
    wrap(visibleLine(title), width),
    [table(history, width)],
    legend.flatMap((line) => wrap(line, width)),
    steps(results, width),
  ]
  return blocks.flatMap((lines, i) => (i < 2 || lines.length === 0 ? lines : ['', ...lines])).join('\n')
}

function table({ results, published }: JudgedHistory, width: number): string {
  const hasSubsets = [...results, ...published].some(({ entryCount }) => entryCount > 1)
  const columns: Column[] = [
    { title: 'when (UTC)', min: 16 },
    { title: 'score', align: 'right' },
    { title: 'change', align: 'right' },
    { title: 'config', min: 8 },
    { title: 'sweep', min: 8 },
    { title: 'revision', min: 7, isOptional: true },
    ...(hasSubsets ? [{ title: 'subsets', align: 'right' as const, isOptional: true }] : []),
    { title: 'engine', min: 14, isOptional: true },
    { title: 'code', min: 12, isOptional: true },
  ]
  const subsets = (entryCount: number) => (hasSubsets ? [String(entryCount)] : [])
  const ours = results.map((one) => [
    shownTime(one.at),
    formatScore(one.score),
    shownChange(one),
    one.parts.join(', ') || 'main',
    one.sweep?.name ?? '·',
    briefRevision(one.revision, 12),
    ...subsets(one.entryCount),
    one.engines.join(', '),
    one.codes.join(', '),
  ])
  const theirs = published.map((one) => {
    return [
      'published',
      formatScore(one.score),
      '',
      one.model,
      '',
      briefRevision(one.revision, 12),
      ...subsets(one.entryCount),
      '',
      '',
    ]
  })
  return renderTable(columns, [...ours, ...theirs], width)
}

function marksOf({ before }: JudgedResult): Mark[] {
  if (before === null) return []
  const marks: [Mark, boolean][] = [
    ['!', before.isBeyond === true],
    ['v', before.isVersionOnly],
    ['?', before.isBeyond === null && before.delta !== null],
    ['≠', before.delta === null],
  ]
  return marks.flatMap(([mark, holds]) => (holds ? [mark] : []))
}

/** The difference with its marks; as wide without, so that digits stand below each other. */
function shownChange(result: JudgedResult): string {
  if (result.before === null) return ''
  const { delta } = result.before
  return `${delta === null ? '' : signed(delta)} ${marksOf(result).join('').padEnd(2)}`
}

/** What changed at each step, the newest first. */
function steps(results: readonly JudgedResult[], width: number): string[] {
  const told = results.filter(({ before }) => before !== null && before.changes.length > 0).toReversed()
  const lines = told.slice(0, TOLD).flatMap(({ at, parts, before }) => {
    const { changes, test } = before as NonNullable<JudgedResult['before']>
    const what = changes.map(({ field, from, to }) => `${field} ${value(from)} → ${value(to)}`).join('; ')
    const sure = test === null ? '' : ` (${showP(test.p)})`
    return wrap(visibleLine(`${shownTime(at)} ${parts.join(', ') || 'main'}${sure}: ${what}`), width)
  })
  return told.length > TOLD ? [...lines, `${count(told.length - TOLD, 'earlier step')}: --json has all`] : lines
}

function value(text: string): string {
  return text === '' ? 'none' : fit(text, VALUE)
}

function shownTime(at: string): string {
  return at.slice(0, 16).replace('T', ' ')
}

function count(n: number, one: string): string {
  return `${n} ${one}${n === 1 ? '' : 's'}`
}
