import { type ComparedTask, type Comparison, isToldApart, showInterval, showP, signed } from '@sweepboard/results'
import { formatScore } from './board-table.ts'
import { visibleLine } from './output.ts'
import { type Column, fit, renderTable, terminalWidth } from './table.ts'
import { wrap } from './wrap.ts'

/** Tasks named in a line of those left out; more are counted. */
const LISTED = 5
const UNKNOWN = '·'

/** The sentence, who A and B are, a line a task, and what was left out. */
export function showComparison(comparison: Comparison, width = terminalWidth()): string {
  const { sentence, a, b, tasks } = comparison
  const heads = (
    [
      ['A', a],
      ['B', b],
    ] as const
  ).map(([letter, { name }]) => `  ${letter}  ${fit(visibleLine(name), width - 5)}`)
  const notes = [...noteDoubts(tasks), ...noteLeftOut(comparison.leftOut)]
  const lines = [...wrap(visibleLine(sentence), width), ...heads, '', taskTable(comparison, width)]
  return [...lines, ...(notes.length > 0 ? ['', ...notes.flatMap((note) => wrap(visibleLine(note), width))] : [])].join('\n')
}

function taskTable({ tasks, mean }: Comparison, width: number): string {
  const hasTests = tasks.some(({ test }) => test !== null)
  const isRoom = width >= 78
  const columns: Column[] = [
    { title: 'task', min: 9 },
    { title: 'A', align: 'right' },
    { title: 'B', align: 'right' },
    { title: 'A − B', align: 'right' },
    ...(hasTests
      ? ([
          { title: '95 %', align: 'right' },
          { title: 'p', align: 'right', isOptional: true },
          { title: isRoom ? 'wins-ties-losses' : 'w-t-l', align: 'right', isOptional: true },
        ] as const)
      : []),
  ]
  const line = (
    name: string,
    { a, b, delta, test, mark }: Pick<ComparedTask, 'a' | 'b' | 'delta' | 'test'> & { mark: string },
  ) => [
    name,
    formatScore(a),
    formatScore(b),
    signed(delta) + mark,
    ...(hasTests
      ? test === null
        ? [UNKNOWN, UNKNOWN, UNKNOWN]
        : [showInterval(test.interval), showP(test.p).replace(/^p (= )?/, ''), `${test.wins}-${test.ties}-${test.losses}`]
      : []),
  ]
  // A space for the others keeps the digits in their places.
  const plain = tasks.some(isToldApart) ? ' ' : ''
  const rows = tasks.map((one) => line(nameOf(one), { ...one, mark: isToldApart(one) ? '*' : plain }))
  return renderTable(columns, tasks.length > 1 ? [...rows, line('Mean (Task)', { ...mean, mark: plain })] : rows, width)
}

function nameOf({ task, isSameData, entryCount }: ComparedTask): string {
  return `${task}${isSameData === false ? '†' : ''}${entryCount > 1 ? ` (${entryCount})` : ''}`
}

function* noteDoubts(tasks: readonly ComparedTask[]): Iterable<string> {
  if (tasks.some(isToldApart)) yield `* told apart: p ≤ 0.05 by Holm over the tasks; p itself is shown as it is.`
  if (tasks.some(({ entryCount }) => entryCount > 1)) yield '(n) mean over n subsets, those that both have.'
  if (tasks.some(({ isSameData }) => isSameData === false)) yield '† scored on two revisions of the data.'
  for (const [why, those] of Map.groupBy(tasks, ({ untested }) => untested))
    if (why !== null)
      yield `no interval, ${why}: ${those.length === tasks.length ? 'every task' : list(those.map(({ task }) => task))}`
}

function* noteLeftOut(leftOut: Comparison['leftOut']): Iterable<string> {
  for (const [why, those] of Map.groupBy(leftOut, (one) => one.why))
    yield `left out, ${why}: ${list(those.map(({ task, subset, split }) => (subset === null ? task : `${task} (${subset}, ${split})`)))}`
}

function list(names: readonly string[]): string {
  const more = names.length - LISTED
  return [...names.slice(0, LISTED), ...(more > 0 ? [`${more} more (--json names all)`] : [])].join(', ')
}

/** The same as records: a head, a line a task, the mean last where there are several. */
export function comparisonRecords({ tasks, mean }: Comparison): string[][] {
  const head = [
    'task',
    'main_score',
    'a',
    'b',
    'delta',
    'low',
    'high',
    'p',
    'p_holm',
    'queries',
    'wins',
    'ties',
    'losses',
    'note',
  ]
  const plain = (value: number | null | undefined) => (value == null ? '' : String(Number(value.toFixed(7))))
  const numbers = ({ a, b, delta, test }: Pick<ComparedTask, 'a' | 'b' | 'delta' | 'test'>, pHolm: number | null) => [
    ...[a, b, delta, test?.interval.low, test?.interval.high, test?.p, pHolm].map(plain),
    ...[test?.queryCount, test?.wins, test?.ties, test?.losses].map(plain),
  ]
  const records = tasks.map((one) => [one.task, one.mainScore, ...numbers(one, one.pHolm), one.untested ?? ''])
  return [head, ...records, ...(tasks.length > 1 ? [['Mean (Task)', '', ...numbers(mean, null), '']] : [])]
}
